import Glibc
import TestSupport
import Testing

@Suite("The worker's settings")
struct SettingsTests {
    private let scene: Scene
    private let published: Published

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(prose(300_000), chunkSize: 65_536)
    }

    private func write(_ text: String) throws -> String {
        let path = scene.path("settings.json")
        try Files.write(Array(text.utf8), to: path)
        return path
    }

    private func start(_ arguments: [String], _ environment: [String: String] = [:]) throws -> RunningProgram {
        try scene.start(.server, arguments, by: .publisher, environment: environment)
    }

    private func check(_ arguments: [String], _ environment: [String: String] = [:]) async throws -> Ended {
        try await start(["--check"] + arguments, environment).wait()
    }

    private var good: String { settings() }

    private func settings(idle: String = "30", listen: String = "127.0.0.1:0", certificate: String? = nil) -> String {
        """
        {"cert": "\(certificate ?? scene.certificates.server)", "root": "\(published.root)", "listen": ["\(listen)"],
         "idle-timeout": \(idle), "json-log": true}
        """
    }

    @Test func `A file says all of it`() async throws {
        let program = try start(["--config", try write(good)])
        let worker = try await Worker(program, port: program.listeningPort())
        let got = try await scene.get(published.manifest, to: scene.path("got"), from: [worker.url])
        #expect(got.code == 0)
        try await program.says("{\"time\":")
    }

    @Test func `The command line goes before the environment, and that before the file`() async throws {
        let path = try write(good)
        let bad = ["FDL_SERVER_ROOT": scene.path("none"), "FDL_SERVER_CONFIG": path]
        let ended = try await check([], bad)
        #expect(ended.code == 78)
        #expect(ended.errors.contains("the directory to serve cannot be read"))
        #expect(try await check(["--root", published.root], bad).code == 0)
        let text = try await check([], ["FDL_SERVER_CONFIG": path, "FDL_SERVER_JSON_LOG": "false"])
        #expect(text.code == 0 && text.text == "the settings are good\n")
        #expect(text.errors.contains("info: manifest found"))
    }

    @Test(arguments: [
        (#"{"cert": "x", "idle-timeot": 3}"#, "sets what is no setting: idle-timeot", "idle-timeout may be meant"),
        (#"{"config": "x"}"#, "sets what is no setting: config", "see --help"),
        (#"{"one": 1, "two": 2}"#, "sets what is no setting: one, two", "see --help"),
        (#"{"cert": "x""#, "is no file of settings: at byte ", "write a JSON object"),
        (#"{"cert": "x", "cert": "y"}"#, "is no file of settings: cert stands in it twice", "write a JSON object"),
        (#"["cert"]"#, "is no file of settings: it is not a JSON object", "write a JSON object"),
        (#"{"json-log": "yes"}"#, "json-log: it is not true or false", "write a JSON object"),
        (#"{"root": ["a"]}"#, "root: it is not a text or a number", "write a JSON object"),
        (#"{"listen": {"a": 1}}"#, "listen: it is not a text or a list of texts", "write a JSON object"),
    ])
    func `A file that is wrong says where`(text: String, message: String, hint: String) async throws {
        let path = try write(text)
        let ended = try await check(["--config", path])
        #expect(ended.code == 78)
        #expect(ended.errors.hasPrefix("error: \(path) "), "\(ended.errors)")
        #expect(ended.errors.contains(message), "\(ended.errors)")
        #expect(ended.errors.contains("hint: \(hint)"), "\(ended.errors)")
    }

    @Test func `A value that is wrong says where it comes from`() async throws {
        let path = try write(settings(idle: "\"soon\""))
        let inFile = try await check(["--config", path])
        #expect(inFile.code == 64)
        #expect(inFile.errors.contains("(idle-timeout is set by \(path))"), "\(inFile.errors)")
        let inVariable = try await check(["--config", path], ["FDL_SERVER_IDLE_TIMEOUT": "late"])
        #expect(inVariable.errors.contains("(idle-timeout is set by FDL_SERVER_IDLE_TIMEOUT)"))
        let flag = try await check(["--config", path], ["FDL_SERVER_JSON_LOG": "perhaps"])
        #expect(flag.code == 78 && flag.errors.contains("FDL_SERVER_JSON_LOG is neither true nor false: perhaps"))
        let missing = try await check(["--config", scene.path("none.json")])
        #expect(missing.code == 78 && missing.errors.contains("the file of settings cannot be read"))
    }

    @Test func `Variables that are no settings are named, and no reason not to start`() async throws {
        let ended = try await check(["--config", try write(good)], ["FDL_SERVER_PORT_8443_TCP": "tcp://10.0.0.1:8443"])
        #expect(ended.code == 0)
        #expect(ended.errors.contains("variables that are no settings: FDL_SERVER_PORT_8443_TCP"))
    }

    @Test func `SIGHUP reads it again and says what has changed, or keeps all if it is wrong`() async throws {
        let path = try write(good)
        let program = try start(["--config", path])
        _ = try await program.listeningPort()
        func reload(_ text: String, until said: String) async throws {
            _ = try write(text)
            program.signal(SIGHUP)
            _ = try await program.until("it says: \(said)") { program.errors.contains(said) ? true : nil }
        }
        try await reload(settings(idle: "31"), until: "settings changed: idle-timeout: 30 -> 31")
        try await reload(settings(idle: "31,"), until: "settings not read again, those in use stay: ")
        try await reload(settings(idle: "\"x\""), until: "idle-timeout is set by")
        try await reload(
            settings(idle: "31", listen: "127.0.0.1:1"),
            until: "settings not changed: listen: 127.0.0.1:0 -> 127.0.0.1:1 (takes a restart: "
        )
        try await reload(
            settings(idle: "32", certificate: "/none.pem"),
            until: "certificate not renewed, the one in use stays: there is no certificate file /none.pem"
        )
        #expect(!program.errors.contains("-> 32"))
    }

    @Test func `A rate is kept by all connections together, and may be changed by a reload`() async throws {
        let slow = good.replacing("\"json-log\"", with: "\"limit-rate\": \"100K\", \"json-log\"")
        let program = try start(["--config", try write(slow)])
        let worker = try await Worker(program, port: program.listeningPort())
        let clock = ContinuousClock()
        func fetchTwice() async throws -> Duration {
            let start = clock.now
            let options = ["-sS", "-o", "/dev/null", "--cacert", scene.certificates.authority]
            let url = worker.url + "files/data.bin"
            async let one = scene.must(.system("curl"), options + [url], by: .reader)
            async let two = scene.must(.system("curl"), options + [url], by: .stranger)
            _ = try await (one, two)
            return clock.now - start
        }
        // 600,000 bytes at 102,400 a second.
        #expect(try await fetchTwice() > .seconds(5))
        _ = try write(good)
        program.signal(SIGHUP)
        let said = "limit-rate: 100K -> not set"
        _ = try await program.until("it reloads") { program.errors.contains(said) ? true : nil }
        _ = try await fetchTwice()
    }
}
