import Glibc
import TestSupport
import Testing

/// What a person is told of sources that fail, of interruptions, and of files that do not match.
@Suite("What is told")
struct ToldTests {
    private let scene: Scene

    init() async throws {
        scene = try await Scene()
    }

    @Test func `A source that fails and then lies: each kind of fault has its own reason in the summary`() async throws
    {
        let published = try await scene.publish(noise(16 << 16), chunkSize: 1 << 16)
        let tree = try HonestTree(manifest: published.manifest, root: published.root)
        let asked = SharedMutex(0)
        let liar = try await FaultServer.start(certificate: scene.certificates.server) { _, reply in
            let number = asked.withLock { count in
                count += 1
                return count
            }
            guard number > 1 else { return try await reply.send(status: "503 Busy", body: []) }
            try await reply.send(status: "200 OK", body: noise(1 << 16, seed: 9))
        }
        let served = SharedMutex(0)
        let honest = try await FaultServer.start(certificate: scene.certificates.server) { request, reply in
            let number = served.withLock { count in
                count += 1
                return count
            }
            while number > 2, asked.withLock({ $0 }) < 2 { try await Task.sleep(for: .milliseconds(10)) }
            try await tree.answer(request, reply)
        }
        let ended = try await scene.must(
            .secure,
            ["get", published.manifest, "-o", scene.path("copy"), "--server", honest.url, "--server", liar.url]
                + scene.acceptance(),
            by: .reader
        )
        let line = try #require(ended.errors.split(separator: "\n").first { $0.hasPrefix("  \(liar.url): nothing, ") })
        #expect(line.contains(" WRONG, refused (sent bytes whose SHA-256 is not the manifest's), "), "\(line)")
        #expect(line.contains("1 failed (") && line.contains("503"), "\(line)")
    }

    @Test func `A source that comes back is said to be back, and its failures keep their reason`() async throws {
        let published = try await scene.publish(noise(8 << 16), chunkSize: 1 << 16)
        let tree = try HonestTree(manifest: published.manifest, root: published.root)
        let (isDown, isSlow) = (SharedMutex(false), SharedMutex(false))
        let gate = Gate()
        let served = SharedMutex(0)
        let source = try await FaultServer.start(certificate: scene.certificates.server) { request, reply in
            guard !isDown.withLock({ $0 }) else { return try await reply.send(status: "503 Busy", body: []) }
            let number = served.withLock { count in
                count += 1
                return count
            }
            if number == 2 { isDown.withLock { $0 = true } }
            if isSlow.withLock({ $0 }), number > 4 { try await gate.pass() }
            try await tree.answer(request, reply)
        }
        let get = try scene.start(
            .secure,
            await ["get", published.manifest, "-o", scene.path("copy"), "--server", source.url] + scene.acceptance(),
            by: .reader
        )
        try await get.says("gives nothing now: ")
        isSlow.withLock { $0 = true }
        isDown.withLock { $0 = false }
        try await get.says("\(source.url) gives bytes again")
        gate.open()
        let ended = try await get.wait()
        #expect(ended.code == 0, "\(ended.errors)")
        let line = try #require(ended.errors.split(separator: "\n").last)
        #expect(line.hasPrefix("  \(source.url): 100 %, 8 chunks"), "\(line)")
        #expect(line.contains(" failed (") && line.contains("503"), "\(line)")
    }

    @Test func `A folder with a file too many: verify says so, and its hint leads to success`() async throws {
        for name in ["a b.txt", "c.txt", "d.txt"] {
            try Files.write(noise(70_000, seed: UInt64(name.count)), to: scene.path("published/set/" + name))
        }
        let manifest = try await scene.sign(scene.path("published/set"), ["--chunk-size", "64KiB"])
        let worker = try await scene.worker(root: scene.path("published"))
        let copy = scene.path("copy")
        _ = try await scene.get(manifest, to: copy, from: [worker.url]).done()
        let key = ["--publisher-key", try await scene.publisherKey()]
        let verify = ["verify", manifest, copy] + key

        try Files.write([1], to: copy + "/extra.txt")
        let right = try await scene.must(.secure, verify, by: .reader)
        #expect(right.errors.contains("holds a file that the manifest does not list: extra.txt"))
        #expect(right.errors.contains("3 files, 205.1 KiB verified in "), "\(right.errors)")
        #expect(right.errors.contains(", signed by the key "))

        try Files.patch(copy + "/c.txt", at: 65_540, with: [7, 7, 7])
        let wrong = try await scene.run(.secure, verify, by: .reader)
            .failed([65], saying: ["c.txt is damaged in 1 chunk, at byte 65536"])
        let command = "fdl-secure get --force \(manifest) -o \(copy) \(key.joined(separator: " "))"
        #expect(wrong.hint.hasPrefix("move extra.txt out of \(copy), then \(command) puts it right"), "\(wrong.hint)")

        try Files.remove(copy + "/extra.txt")
        let without = try await scene.run(.secure, verify, by: .reader).failed([65], saying: ["c.txt is damaged"])
        #expect(without.hint.hasPrefix(command + " puts it right"), "\(without.hint)")
        let words = command.split(separator: " ").dropFirst().map(String.init)
        let access = ["--server", worker.url, "--cacert", scene.certificates.authority]
        let again = try await scene.must(.secure, words + access, by: .reader)
        #expect(again.errors.contains("3 files, 205.1 KiB verified in "))
        try await scene.must(.secure, verify, by: .reader)
    }

    @Test func `An interrupted check says how far it was, and does not promise to go on`() async throws {
        let published = try await scene.publish(noise(4 << 20), chunkSize: 1 << 16)
        let fifo = scene.path("fifo")
        #expect(mkfifo(fifo, 0o666) == 0)
        let half = Array(published.bytes[..<(2 << 20)])
        try Files.write(half, to: scene.path("half"))
        let writer = try scene.start(
            .system("sh"),
            ["-c", #"exec 3<>"$0"; cat "$1" >&3; exec sleep 600"#, fifo, scene.path("half")],
            by: .reader
        )
        let arguments = ["verify", published.manifest, "-", "--publisher-key", try await scene.publisherKey()]
        let verify = try scene.start(.secure, arguments, by: .reader, input: fifo)
        // All that there is has been read once nobody waits to write more.
        try await verify.until("it has read") {
            let children = (try? Files.read("/proc/\(writer.pid)/comm")).map { String(decoding: $0, as: UTF8.self) }
            return children == "sleep\n" && verify.errors.contains("signed by") ? () : nil
        }
        verify.signal(SIGINT)
        let ended = try await verify.wait()
        #expect(ended.signal == SIGINT)
        let told = try ended.failed([128 + SIGINT], saying: ["interrupted"])
        #expect(told.hint.contains("it begins anew"))
        withExtendedLifetime(writer) {}
    }
}
