import Glibc
import TestSupport
import Testing

@Suite("Attack: a log that nobody reads, and signals at any time")
struct LogTests {
    private let scene: Scene
    private let published: Published

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(prose(100_000), chunkSize: 65_536)
    }

    private var arguments: [String] {
        ["--cert", scene.certificates.server, "--root", published.root, "--listen", "127.0.0.1:0"]
    }

    @Test func `The worker serves and ends though nobody reads what it logs, and says what was dropped`() async throws {
        // A pipe that is full: sleep has it open and reads nothing, until the test takes over.
        let fifo = scene.path("log")
        try #require(mkfifo(fifo, 0o600) == 0)
        let reader = open(fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        try #require(reader >= 0)
        defer { close(reader) }
        let program = try scene.start(
            .system("sh"),
            ["-c", #"exec "$0" "$@" 2>"\#(fifo)""#, Program.server.path] + arguments + ["--log-level", "debug"],
            by: .publisher
        )
        let worker = try await Worker(program, port: program.listeningPort())
        let client = try await RawConnection.open(to: worker, in: scene)
        try await client.ready()
        // 64 KiB are in the pipe and 1 MiB waits in the worker; these are more.
        let padding = String(repeating: "x", count: 4000)
        for round in 1...10 {
            for _ in 0..<50 { client.push("GET /healthz/\(padding) HTTP/1.1\r\nHost: a\r\n\r\n") }
            let answers = try await client.answers(50 * round)
            #expect(answers.count >= 50 * round)
        }
        // Someone reads again: what is missing is said where it is missing.
        var log = ""
        var block = [UInt8](repeating: 0, count: 1 << 16)
        try await eventually("it says what was dropped") {
            let count = read(reader, &block, block.count)
            if count > 0 { log += String(decoding: block[..<count], as: UTF8.self) }
            return log.contains("lines of the log were dropped") ? () : nil
        }
        #expect(log.contains("count="))
        // Nobody reads once more, and it has to end.
        for round in 11...20 {
            for _ in 0..<50 { client.push("GET /healthz/\(padding) HTTP/1.1\r\nHost: a\r\n\r\n") }
            _ = try await client.answers(50 * round)
        }
        try await client.close()
        program.signal(SIGTERM)
        #expect(try await program.wait(atMost: .seconds(60)).code == 0)
    }

    @Test func `SIGHUP and SIGUSR1 end nothing, from the first moment on`() async throws {
        let program = try scene.start(.server, arguments, by: .publisher)
        // What the loader does before the program's first line is not the program's: from there on it holds.
        let hangup: UInt64 = 1 << UInt64(SIGHUP - 1)
        try await program.until("it has begun") {
            let status = String(decoding: try Files.read("/proc/\(program.pid)/status"), as: UTF8.self)
            let isServer = status.hasPrefix("Name:\tfdl-secure-serv")
            let caught = status.split(separator: "\n").first { $0.hasPrefix("SigCgt:") }?.split(separator: "\t").last
            return isServer && (caught.flatMap { UInt64($0, radix: 16) } ?? 0) & hangup != 0 ? () : nil
        }
        let port = try await eventually("it listens under a hail of signals") { () -> Int? in
            program.signal(SIGHUP)
            program.signal(SIGUSR1)
            guard program.isRunning else { throw HarnessError("it has ended: \(program.errors)") }
            let said = String(decoding: program.output, as: UTF8.self)
            return said.contains("\n") ? said.split(separator: ":").last.flatMap { Int($0.dropLast(2)) } : nil
        }
        let worker = Worker(program, port: port)
        program.signal(SIGUSR1)
        try await program.says("logs opened again")
        try await program.says("certificate read again")
        try await Onlooker(scene: scene, worker: worker, published: published).fetches("after the signals")
        #expect(try await worker.stop().code == 0)
    }
}
