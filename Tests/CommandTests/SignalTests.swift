import Glibc
import TestSupport
import Testing

@Suite("Signals and terminals")
struct SignalTests {
    private let scene: Scene
    private let published: Published
    private let worker: Worker

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(noise(4 << 20), chunkSize: 65_536)
        worker = try await scene.worker(root: published.root)
    }

    /// Starts a program from a shell that has done `before`.
    private func start(_ program: Program, after before: String, _ arguments: [String]) throws -> RunningProgram {
        let command = ["-c", before + #"; exec "$0" "$@""#, program.path]
        return try scene.start(.system("sh"), command + arguments, by: .reader)
    }

    private func slowGet(_ options: String...) async throws -> [String] {
        try await ["get", published.manifest, "-o", scene.path("copy"), "--server", worker.url, "--limit-rate", "2M"]
            + scene.acceptance() + options
    }

    private func begun(_ get: RunningProgram) async throws {
        try await get.until("the download has begun") { Files.exists(scene.path("copy.fdl-part")) ? () : nil }
        try await get.writes(65_536)
    }

    @Test(arguments: [(SIGHUP, "HUP"), (SIGINT, "INT"), (SIGTERM, "TERM")])
    func `What was ignored at the start stays so: the download goes on`(signal: Int32, name: String) async throws {
        let get = try start(.secure, after: "trap '' \(name)", try await slowGet())
        try await begun(get)
        get.signal(signal)
        let ended = try await get.wait()
        #expect(ended.code == 0, "\(ended.errors)")
        #expect(try Files.hold(scene.path("copy"), published.bytes))
    }

    @Test(arguments: [SIGHUP, SIGINT, SIGTERM])
    func `A download ends by the signal that interrupts it, after its last words`(signal: Int32) async throws {
        let get = try start(.secure, after: ":", try await slowGet("--json"))
        try await begun(get)
        get.signal(signal)
        let ended = try await get.wait()
        #expect(ended.signal == signal, "ended with \(ended.code)")
        try ended.failed(128 + signal, saying: "interrupted")
        #expect(ended.text.split(separator: "\n").last?.hasPrefix(#"{"event":"error","code":75,"#) == true)
        #expect(!Files.exists(scene.path("copy")))
        let again = try await scene.get(published.manifest, to: scene.path("copy"), from: [worker.url]).done()
        #expect(again.chunks.reused > 0)
    }

    @Test func `The signal comes before anything is fetched: it ends at once, by it`() async throws {
        let server = try await FaultServer.start(certificate: scene.certificates.server) { _, _ in
            try await Task.sleep(for: .seconds(600))
        }
        let arguments = ["get", server.url + "manifests/x.json", "--json", "--cacert", scene.certificates.authority]
        let get = try scene.start(.secure, arguments, by: .reader)
        try await get.until("it asks for the manifest") { server.requests.isEmpty ? nil : () }
        get.signal(SIGINT)
        let ended = try await get.wait(atMost: .seconds(30))
        #expect(ended.signal == SIGINT)
        #expect(ended.text.hasPrefix(#"{"event":"error","code":75,"#))
    }

    @Test func `A second signal ends it at once, though nobody reads the last words`() async throws {
        let fifo = scene.path("fifo")
        #expect(mkfifo(fifo, 0o600) == 0)
        // Standard error is a pipe that is full.
        let full = #"exec 3<>"$FIFO"; dd if=/dev/zero of="$FIFO" bs=4096 count=16 2>/dev/null; exec 2>"$FIFO""#
        let server = try await FaultServer.start(certificate: scene.certificates.server) { _, _ in
            try await Task.sleep(for: .seconds(600))
        }
        let get = try scene.start(
            .system("sh"),
            [
                "-c", full + #"; exec "$0" "$@""#, Program.secure.path, "get", server.url + "manifests/x.json",
                "--cacert", scene.certificates.authority,
            ],
            by: .reader,
            environment: ["FIFO": fifo]
        )
        try await get.until("it asks for the manifest") { server.requests.isEmpty ? nil : () }
        get.signal(SIGINT)
        try await get.until("it says its last words") { Self.isWriting(get.pid) ? () : nil }
        #expect(get.isRunning)
        get.signal(SIGTERM)
        #expect(try await get.wait(atMost: .seconds(30)).signal == SIGTERM)
    }

    /// Whether one of its threads waits in write(2) or poll(2) for standard error.
    private static func isWriting(_ pid: pid_t) -> Bool {
        guard let threads = try? Files.list("/proc/\(pid)/task") else { return false }
        return threads.contains { thread in
            let path = "/proc/\(pid)/task/\(thread)/wchan"
            return (try? Files.read(path)).map { String(decoding: $0, as: UTF8.self).contains("pipe_write") } ?? false
        }
    }

    @Test(arguments: [SIGHUP, SIGINT, SIGTERM])
    func `Signing ends by the signal and leaves nothing`(signal: Int32) async throws {
        let input = scene.path("input")
        try Files.makeDirectory(input)
        // More than can be hashed in the meantime, and none of it on the disk.
        try await scene.must(.system("truncate"), ["-s", "64G", input + "/large"], by: .publisher)
        let key = try await scene.publisherKey().replacingSuffix(".pub", with: ".key")
        let output = scene.path("signed")
        try Files.makeDirectory(output)
        let arguments = ["manifest", input, "-o", output + "/m.json", "--key", key, "--chunk-size", "16MiB"]
        let sign = try scene.start(.sign, arguments, by: .publisher)
        try await sign.until("it reads the file") { Self.descriptors(sign.pid, opens: "large") ? () : nil }
        sign.signal(signal)
        let ended = try await sign.wait(atMost: .seconds(60))
        #expect(ended.signal == signal)
        try ended.failed(128 + signal, saying: "interrupted")
        #expect(try Files.list(output) == [])
    }

    private static func descriptors(_ pid: pid_t, opens name: String) -> Bool {
        let directory = "/proc/\(pid)/fd"
        return ((try? Files.list(directory)) ?? []).contains { link(directory + "/" + $0).hasSuffix("/" + name) }
    }

    private static func link(_ path: String) -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    @Test func `A worker takes SIGHUP though it was ignored, and ends with 0 once drained`() async throws {
        let arguments = ["--cert", scene.certificates.server, "--root", published.root, "--listen", "127.0.0.1:0"]
        let program = try start(.server, after: "trap '' HUP", arguments)
        _ = try await program.listeningPort()
        program.signal(SIGHUP)
        try await program.says("certificate read again")
        program.signal(SIGTERM)
        let ended = try await program.wait()
        #expect(ended.code == 0, "\(ended.errors)")
    }

    @Test(.withoutSanitizer("its report takes the place"), arguments: ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
    func `Standard streams that are closed take no file's place`(closed: String) async throws {
        let get = try start(.secure, after: "exec \(closed)", try await slowGet())
        try await begun(get)
        for number in 0...2 where closed.contains(["<", " >", "2>"][number]) || (number == 1 && closed == ">&-") {
            #expect(Self.link("/proc/\(get.pid)/fd/\(number)") == "/dev/null")
        }
        let ended = try await get.wait()
        #expect(ended.code == 0, "\(ended.errors)")
        #expect(try Files.hold(scene.path("copy"), published.bytes))
        let key = try await scene.publisherKey().replacingSuffix(".pub", with: ".key")
        let sign = try start(.sign, after: "exec \(closed)", ["manifest", scene.path("copy"), "--key", key])
        #expect(try await sign.wait().code == 0)
        try await scene.must(
            .secure,
            ["verify", scene.path("copy.manifest.json"), scene.path("copy")] + [
                "--publisher-key", scene.publisherKey(),
            ],
            by: .reader
        )
    }

    @Test(.withoutSanitizer("its report takes the place"))
    func `Standard output that is closed takes no download`() async throws {
        let arguments = try await ["get", published.manifest, "-o", "-", "--server", worker.url] + scene.acceptance()
        try await start(.secure, after: "exec >&-", arguments).wait().failed(74, saying: "standard output")
    }
}
