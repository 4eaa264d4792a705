import Glibc
import TestSupport
import Testing

/// What a reader learns when the worker's machine has a fault: 503, and never that something is not there.
@Suite("Attack: no descriptor left, no permission")
struct LocalFaultTests {
    private let scene: Scene
    private let published: Published
    private let worker: Worker

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(prose(300_000), chunkSize: 65_536)
        worker = try await scene.worker(root: published.root)
    }

    /// From now on the worker may have so many descriptors.
    private func limit(_ count: Int) async throws {
        try await scene.must(
            .system("prlimit"),
            ["--pid", "\(worker.program.pid)", "--nofile=\(count):"],
            by: .publisher
        )
    }

    @Test func `Without a descriptor what is there is not said to be missing`() async throws {
        let client = try await RawConnection.open(to: worker, in: scene)
        try await client.ready()
        let digest = try #require(HonestTree(manifest: published.manifest, root: published.root).digests.first)
        let chunk = "/chunks/\(digest.prefix(2))/\(digest)"
        // Those that it has stay, whatever their number; it gets no other.
        try await limit(3)
        // What a tree lacks that has not changed since it was seen is known without a descriptor.
        try Files.write([], to: published.root + "/new")
        let paths = ["/files/data.bin", chunk, "/manifests/data.bin.json", "/healthz", "/manifests/unknown.json"]
        for (number, path) in paths.enumerated() {
            try await client.send("HEAD \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
            let answers = try await client.answers(number + 1)
            #expect(answers.last == "503 Service Unavailable", "\(path)")
        }
        #expect(client.text.ranges(of: "Retry-After: ").count == paths.count)
        // The tree is looked at meanwhile: a request for what is unknown has made it so.
        try await limit(1000)
        for (number, path) in paths.dropLast().enumerated() {
            try await client.send("HEAD \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
            let answers = try await client.answers(paths.count + number + 1)
            #expect(answers.last == "200 OK", "\(path)")
        }
        try await worker.program.says("the answer is 503")
        #expect(!worker.program.errors.contains("manifest gone"), "\(worker.program.errors)")
    }

    @Test(.disabled(if: geteuid() == 0, "root may read everything"))
    func `A file without permission is a fault, and one that is not there is not`() async throws {
        let onlooker = Onlooker(scene: scene, worker: worker, published: published)
        #expect(chmod(published.file, 0) == 0)
        #expect(try await onlooker.status("files/data.bin") == 503)
        #expect(try await onlooker.status("files/nothing.bin") == 404)
        #expect(chmod(published.file, 0o644) == 0)
        #expect(try await onlooker.status("files/data.bin") == 200)
    }

    @Test(.disabled(if: geteuid() == 0, "root may read everything"))
    func `The catalog keeps what it knew of a folder that cannot be searched`() async throws {
        let folder = published.root + "/sub"
        try Files.write(noise(1000), to: folder + "/inner.bin")
        let manifest = try await scene.sign(folder + "/inner.bin")
        try await scene.until(worker, serves: "inner.bin.json", asIn: manifest)
        #expect(chmod(folder, 0) == 0)
        defer { chmod(folder, 0o755) }
        let onlooker = Onlooker(scene: scene, worker: worker, published: published)
        _ = try await worker.program.says("what was known of it stays")
        #expect(try await onlooker.status("manifests/inner.bin.json") == 503)
        #expect(try await onlooker.status("manifests/none.json") == 404)
        chmod(folder, 0o755)
        #expect(try await onlooker.status("manifests/inner.bin.json") == 200)
    }
}
