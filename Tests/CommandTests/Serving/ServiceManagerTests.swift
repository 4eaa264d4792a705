import Glibc
import TestSupport
import Testing

@Suite("A worker under a service manager")
struct ServiceManagerCommandTests {
    private let scene: Scene
    private let published: Published

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(prose(100_000), chunkSize: 65_536)
    }

    /// Plays systemd: opens a socket and a place for notices, starts the program with both, prints what it is told.
    private static let manager = """
        import os, socket, sys
        place, program = sys.argv[1], sys.argv[2:]
        notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notices.bind(place)
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        child = os.fork()
        if child == 0:
            os.dup2(listening.fileno(), 3)
            os.set_inheritable(3, True)
            os.environ.update(NOTIFY_SOCKET=place, LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
            os.execv(program[0], program)
        print("port", listening.getsockname()[1], flush=True)
        print("child", child, flush=True)
        while True:
            print(notices.recv(4096).decode().split("\\n")[0], flush=True)
        """

    @Test func `It serves at the socket that it is given, and tells when it is ready, reloads and stops`() async throws
    {
        let script = scene.path("manager.py")
        try Files.write(Array(Self.manager.utf8), to: script)
        let options = ["--cert", scene.certificates.server, "--root", published.root]
        let manager = try scene.start(
            .system("python3"),
            [script, scene.path("notify"), Program.server.path] + options,
            by: .publisher
        )
        func said(_ line: String, times: Int = 1) async throws {
            try await manager.until("it is told \(line)") {
                let lines = String(decoding: manager.output, as: UTF8.self).split(separator: "\n")
                return lines.filter { $0 == line }.count >= times ? () : nil
            }
        }
        try await said("READY=1")
        let words = String(decoding: manager.output, as: UTF8.self).split { $0 == " " || $0 == "\n" }.map(String.init)
        func number(after word: String) throws -> Int {
            let index = try #require(words.firstIndex(of: word))
            return try #require(Int(words[index + 1]))
        }
        let (port, child) = (try number(after: "port"), try number(after: "child"))
        let command = [
            "-sS", "--max-time", "60", "--cacert", scene.certificates.authority,
            "https://127.0.0.1:\(port)/files/data.bin",
        ]
        #expect(try await scene.must(.system("curl"), command, by: .reader).output == published.bytes)
        kill(pid_t(child), SIGHUP)
        try await said("RELOADING=1")
        try await said("READY=1", times: 2)
        try await manager.says("certificate read again")
        kill(pid_t(child), SIGTERM)
        try await said("STOPPING=1")
    }

    @Test func `The settings that come with the unit are good ones`() async throws {
        let options = ["--config", Program.packaged("server.json"), "--root", published.root, "--check"]
        try await scene.must(.server, options, by: .publisher)
    }

    @Test func `The unit leaves it little, says systemd`() async throws {
        let unit = Program.sources + "/packaging/systemd/fdl-secure-server.service"
        let security = ["security", "--offline=true", "--no-pager", unit]
        let text = try await scene.must(.system("systemd-analyze"), security, by: .stranger).text
        let line = try #require(text.split(separator: "\n").first { $0.contains("Overall exposure level") })
        let exposure = try #require(line.split(separator: " ").compactMap { Double($0) }.first)
        #expect(exposure <= 1.2, "\(text)")
    }

    @Test func `Both units are what systemd understands`() async throws {
        let place = scene.path("units")
        for name in ["fdl-secure-server.service", "fdl-secure-server.socket"] {
            let text = String(decoding: try Files.read(Program.sources + "/packaging/systemd/" + name), as: UTF8.self)
            // The program is where it was built, and not installed.
            let placed = text.split(separator: "\n", omittingEmptySubsequences: false).map {
                $0.hasPrefix("ExecStart=/usr/bin/fdl-secure-server")
                    ? "ExecStart=" + Program.server.path + $0.dropFirst("ExecStart=/usr/bin/fdl-secure-server".count)
                    : String($0)
            }
            try Files.write(Array(placed.joined(separator: "\n").utf8), to: place + "/" + name)
        }
        let verify = ["verify", "--man=no", place + "/fdl-secure-server.service", place + "/fdl-secure-server.socket"]
        let verified = try await scene.must(.system("systemd-analyze"), verify, by: .stranger)
        #expect(!verified.errors.contains("fdl-secure-server"), "\(verified.errors)")
    }
}
