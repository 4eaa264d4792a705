import Glibc
import TestSupport
import Testing

/// A worker whose settings are changed under it: each bound counts from the reload on.
@Suite("Bounds that a reload changes")
struct ReloadTests {
    private let scene: Scene
    private let published: Published

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(prose(300_000), chunkSize: 65_536)
    }

    private func write(_ settings: [String]) throws -> String {
        let path = scene.path("settings.json")
        let always = ["\"cert\": \"\(scene.certificates.server)\"", "\"root\": \"\(published.root)\""]
        try Files.write(Array("{\((always + settings).joined(separator: ", "))}".utf8), to: path)
        return path
    }

    private func start(_ settings: String...) async throws -> Worker {
        let path = try write(["\"listen\": [\"127.0.0.1:0\"]"] + settings)
        let program = try scene.start(.server, ["--config", path], by: .publisher)
        return try await Worker(program, port: program.listeningPort())
    }

    /// Changes the settings and waits until the worker has said so.
    private func change(_ worker: Worker, _ settings: String..., until said: String) async throws {
        _ = try write(["\"listen\": [\"127.0.0.1:0\"]"] + settings)
        worker.program.signal(SIGHUP)
        try await worker.program.says(said)
    }

    private func open(_ count: Int, to worker: Worker, from address: String) async throws -> [RawConnection] {
        var connections: [RawConnection] = []
        for _ in 0..<count {
            let one = try await RawConnection.open(to: worker, in: scene, from: address)
            try await one.ready()
            connections.append(one)
        }
        return connections
    }

    private func status(_ worker: Worker, _ request: String) async throws -> String {
        let connection = try await RawConnection.open(to: worker, in: scene)
        try await connection.send(request)
        return try await connection.answers(1).first ?? "none"
    }

    /// Each has two values, and its reload says which.
    @Test(arguments: [
        ("max-connections", "100", "50"), ("address-limit", "30", "20"), ("proxy-protocol", "192.0.2.1", "192.0.2.2"),
        ("handshake-timeout", "11", "12"), ("header-timeout", "11", "12"), ("idle-timeout", "11", "12"),
        ("send-timeout", "11", "12"), ("drain-timeout", "11", "12"), ("max-request-line", "1000", "2000"),
        ("max-header", "1000", "2000"), ("compression-cache", "1", "2"), ("limit-rate", "10M", "20M"),
        ("limit-rate-per-connection", "1M", "2M"), ("log-level", "notice", "debug"),
    ])
    func `No bound takes a restart`(name: String, old: String, new: String) async throws {
        let worker = try await start("\"\(name)\": \"\(old)\"")
        try await change(worker, "\"\(name)\": \"\(new)\"", until: "settings changed: \(name): \(old) -> \(new)")
        #expect(!worker.program.errors.contains("takes a restart"), "\(worker.program.errors)")
    }

    @Test func `Fewer connections: those that wait longest close; more: there is room again`() async throws {
        let worker = try await start("\"max-connections\": 40", "\"address-limit\": 30")
        let (first, second) = (
            try await open(12, to: worker, from: "127.0.0.2"), try await open(12, to: worker, from: "127.0.0.3")
        )
        #expect((first + second).count(where: \.isOpen) == 24)
        try await change(worker, "\"max-connections\": 40", "\"address-limit\": 5", until: "address-limit: 30 -> 5")
        try await eventually("each address has 5") { (first + second).count(where: \.isOpen) == 10 ? () : nil }
        #expect((first.suffix(5) + second.suffix(5)).count(where: \.isOpen) == 10)
        try await change(worker, "\"max-connections\": 4", "\"address-limit\": 5", until: "max-connections: 40 -> 4")
        try await eventually("4 are left") { (first + second).count(where: \.isOpen) == 4 ? () : nil }
        #expect(second.suffix(4).count(where: \.isOpen) == 4)
        // The next one takes the place of another.
        let one = try await open(1, to: worker, from: "127.0.0.4")
        try await eventually("one has made room") { second.count(where: \.isOpen) == 3 ? () : nil }
        try await change(worker, "\"max-connections\": 40", until: "max-connections: 4 -> 40")
        let more = try await open(20, to: worker, from: "127.0.0.5")
        #expect((one + more + second.suffix(3)).count(where: \.isOpen) == 24)
    }

    @Test func `Longest lines and headers are those of the reload, for new connections`() async throws {
        let worker = try await start("\"max-header\": 4000")
        let long = String(repeating: "a", count: 700)
        let header = "GET /healthz HTTP/1.1\r\nHost: a\r\nX-Long: \(long)\r\n\r\n"
        let line = "GET /healthz?\(long) HTTP/1.1\r\nHost: a\r\n\r\n"
        let before = try await RawConnection.open(to: worker, in: scene)
        try await before.ready()
        #expect(try await status(worker, header) == "200 OK")
        #expect(try await status(worker, line) == "200 OK")
        try await change(
            worker,
            "\"max-header\": 500",
            "\"max-request-line\": 500",
            until: "max-request-line: not set -> 500"
        )
        #expect(try await status(worker, header) == "431 Request Header Fields Too Large")
        #expect(try await status(worker, line) == "414 URI Too Long")
        try await before.send(header)
        #expect(try await before.answers(1) == ["200 OK"])
    }

    @Test func `A proxy that is named later sends its header from then on`() async throws {
        let worker = try await start("\"log-level\": \"debug\"")
        let greeting = Array("PROXY TCP4 192.0.2.1 192.0.2.99 5000 443\r\n".utf8)
        let stranger = try await RawConnection.open(to: worker, in: scene, from: "127.0.0.5", greeting: greeting)
        try await stranger.ended()
        try await change(
            worker,
            "\"log-level\": \"debug\"",
            "\"proxy-protocol\": [\"127.0.0.5\"]",
            until: "proxy-protocol: not set -> 127.0.0.5"
        )
        let proxy = try await RawConnection.open(to: worker, in: scene, from: "127.0.0.5", greeting: greeting)
        try await proxy.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await proxy.answers(1) == ["200 OK"])
        try await worker.program.says("peer=192.0.2.1:5000")
    }

    @Test(arguments: [("86400", "1"), ("1", "2")])
    func `The time to drain is the last that was set`(old: String, new: String) async throws {
        try Files.write(noise(32 << 20), to: published.root + "/big.bin")
        let worker = try await start("\"drain-timeout\": \(old)")
        let reader = try await RawConnection.open(to: worker, in: scene, keeps: false)
        try await reader.ready()
        try await reader.stopReading()
        try await reader.send("GET /files/big.bin HTTP/1.1\r\nHost: a\r\n\r\n")
        try await worker.program.atRest()
        try await change(worker, "\"drain-timeout\": \(new)", until: "drain-timeout: \(old) -> \(new)")
        let start = ContinuousClock.now
        let ended = try await worker.stop()
        #expect(ended.code == 0)
        #expect(ended.errors.contains("out of time: connections are cut"), "\(ended.errors)")
        #expect(ContinuousClock.now - start >= .seconds(Int64(new) ?? 0))
    }

    @Test func `The level of the log changes at once`() async throws {
        let worker = try await start()
        #expect(try await status(worker, "GET /files/none-before HTTP/1.1\r\nHost: a\r\n\r\n") == "404 Not Found")
        try await change(worker, "\"log-level\": \"debug\"", until: "log-level: not set -> debug")
        #expect(try await status(worker, "GET /files/none-after HTTP/1.1\r\nHost: a\r\n\r\n") == "404 Not Found")
        try await worker.program.says("none-after")
        #expect(!worker.program.errors.contains("none-before"))
    }

    @Test func `HSTS is said from the reload on`() async throws {
        let worker = try await start()
        func fields() async throws -> String {
            let options = ["-sS", "-D", "-", "-o", "/dev/null", "--cacert", scene.certificates.authority]
            return try await scene.must(.system("curl"), options + [worker.url], by: .reader).text.lowercased()
        }
        #expect(try await !fields().contains("strict-transport-security"))
        try await change(worker, "\"hsts\": true", until: "hsts: not set -> true")
        #expect(try await fields().contains("strict-transport-security: max-age=31536000"))
    }

    @Test(arguments: [
        ("root", "/nowhere", "other directories cannot be read"), ("metrics-listen", "127.0.0.1:1", "no other port"),
        ("user", "somebody", "the user is changed once"),
        ("access-log", "/nowhere/log", "other files cannot be written"),
        ("json-log", "true", "the log is begun in one format"),
        ("access-log-format", "json", "the log is begun in one format"),
    ])
    func `What takes a restart is named with the reason at each reload, until it is as it was`(
        name: String,
        value: String,
        reason: String
    ) async throws {
        let worker = try await start()
        let said = "(takes a restart: \(reason)"
        func times() -> Int { worker.program.errors.split(separator: "\n").count { $0.contains(said) } }
        let text = value == "true" ? value : "\"\(value)\""
        let settings =
            name == "root"
            ? "{\"cert\": \"\(scene.certificates.server)\", \"listen\": [\"127.0.0.1:0\"], \"root\": \(text)}" : nil
        func reload() async throws {
            if let settings {
                try Files.write(Array(settings.utf8), to: scene.path("settings.json"))
            } else {
                _ = try write(["\"listen\": [\"127.0.0.1:0\"]", "\"\(name)\": \(text)"])
            }
            let before = times()
            worker.program.signal(SIGHUP)
            try await worker.program.until("it names \(name)") { times() > before ? () : nil }
        }
        try await reload()
        try await reload()
        #expect(worker.program.errors.contains("settings not changed: \(name): "), "\(worker.program.errors)")
        try await change(worker, "\"idle-timeout\": 9", until: "idle-timeout: not set -> 9")
        #expect(times() == 2)
        #expect(try await status(worker, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n") == "200 OK")
    }
}
