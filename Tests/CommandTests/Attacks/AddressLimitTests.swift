import FDLTLS
import Glibc
import TestSupport
import Testing

@Suite("Attack: idle connections, from one address and from several")
struct AddressLimitTests {
    private let scene: Scene
    private let published: Published

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(prose(300_000), chunkSize: 65_536)
    }

    private func open(
        _ count: Int,
        to worker: Worker,
        from address: String,
        greeting: [UInt8] = []
    ) async throws -> [RawConnection] {
        var connections: [RawConnection] = []
        for _ in 0..<count {
            let one = try await RawConnection.open(to: worker, in: scene, from: address, greeting: greeting)
            try await one.ready()
            connections.append(one)
        }
        return connections
    }

    private func lines(_ worker: Worker, _ text: String) -> Int {
        worker.program.errors.split(separator: "\n").count { $0.contains(text) }
    }

    @Test func `of one address the longest idle makes room, and others never notice`() async throws {
        let worker = try await scene.worker(
            root: published.root,
            ["--address-limit", "20", "--address-limit", "127.0.0.3=30"]
        )
        let onlooker = Onlooker(scene: scene, worker: worker, published: published)
        let flood = try await open(50, to: worker, from: "127.0.0.2")
        try await eventually("all but 20 are closed") { flood.count(where: \.isOpen) <= 20 ? () : nil }
        // Those that waited longest went.
        #expect(flood.suffix(20).count(where: \.isOpen) == 20)
        try await onlooker.fetches("while an address is at its limit")
        let excepted = try await open(30, to: worker, from: "127.0.0.3")
        #expect(excepted.count(where: \.isOpen) == 30)
        #expect(flood.suffix(20).count(where: \.isOpen) == 20)
        // An honest client of the same address, behind a NAT say, is served too.
        let neighbour = try await RawConnection.open(to: worker, in: scene, from: "127.0.0.2")
        try await neighbour.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await neighbour.answers(1) == ["200 OK"])
        try await worker.program.says("its longest idle one makes room")
        try await worker.program.says("address=127.0.0.2")
        // At once, and then once a minute.
        #expect(lines(worker, "its longest idle one makes room") <= 3, "\(worker.program.errors)")
    }

    @Test func `of all the longest idle makes room, but none that is answered`() async throws {
        let big = scene.path("published") + "/big.bin"
        try Files.write(noise(32 << 20), to: big)
        let worker = try await scene.worker(
            root: published.root,
            ["--max-connections", "30", "--address-limit", "30"]
        )
        let onlooker = Onlooker(scene: scene, worker: worker, published: published)
        let reader = try await RawConnection.open(to: worker, in: scene, from: "127.0.0.9", keeps: false)
        try await reader.ready()
        try await reader.stopReading()
        try await reader.send("GET /files/big.bin HTTP/1.1\r\nHost: a\r\n\r\n")
        try await worker.program.atRest()
        var flood: [RawConnection] = []
        for number in 2...5 { flood += try await open(20, to: worker, from: "127.0.0.\(number)") }
        try await onlooker.fetches("while all seats are taken")
        #expect(flood.count(where: \.isOpen) <= 30)
        try await reader.readOn()
        try await eventually("the slow reader gets all") { reader.receivedBytes > 32 << 20 ? () : nil }
        try await worker.program.says("the longest idle one makes room")
    }

    @Test func `connections that never say a word make room as well`() async throws {
        let worker = try await scene.worker(root: published.root, ["--max-connections", "20"])
        let onlooker = Onlooker(scene: scene, worker: worker, published: published)
        var silent: [RawConnection] = []
        for _ in 0..<60 { silent.append(try await RawConnection.open(to: worker.port, nil, from: "127.0.0.4")) }
        try await onlooker.fetches("while nobody speaks")
        try await eventually("the silent are closed") { silent.count(where: \.isOpen) <= 20 ? () : nil }
    }

    // MARK: Proxies

    private func header(_ address: String) -> [UInt8] { Array("PROXY TCP4 \(address) 192.0.2.99 5000 443\r\n".utf8) }

    @Test func `a proxy's clients are told apart by its PROXY header, which nobody else may send`() async throws {
        let worker = try await scene.worker(
            root: published.root,
            ["--proxy-protocol", "127.0.0.5", "--address-limit", "2", "--log-level", "debug"]
        )
        let onlooker = Onlooker(scene: scene, worker: worker, published: published)
        let one = try await open(3, to: worker, from: "127.0.0.5", greeting: header("192.0.2.1"))
        let others = try await open(2, to: worker, from: "127.0.0.5", greeting: header("192.0.2.2"))
        try await eventually("the first has made room") { one[0].isOpen ? nil : () }
        #expect((one.dropFirst() + others).count(where: \.isOpen) == 4)
        try await others[0].send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await others[0].answers(1) == ["200 OK"])
        try await worker.program.says("peer=192.0.2.2:5000")
        // Without the header the proxy is not served, and with it nobody else is.
        let bare = try await RawConnection.open(to: worker, in: scene, from: "127.0.0.5")
        try await bare.ended()
        try await worker.program.says("does not begin with a valid PROXY header")
        let liar = try await RawConnection.open(to: worker, in: scene, from: "127.0.0.6", greeting: header("192.0.2.1"))
        try await liar.ended()
        try await onlooker.fetches("beside a proxy")
    }

    @Test(arguments: ["send-proxy", "send-proxy-v2", "send-proxy-v2-ssl"])
    func `HAProxy's headers are understood`(option: String) async throws {
        let worker = try await scene.worker(
            root: published.root,
            ["--proxy-protocol", "127.0.0.1/32", "--proxy-protocol", "::1", "--log-level", "debug"]
        )
        let proxy = try await RealServer.start("haproxy", in: scene) { setting in
            let configuration = try setting.write(
                """
                global
                    maxconn 100
                    nbthread 1
                defaults
                    mode tcp
                    timeout connect 5s
                    timeout client 60s
                    timeout server 60s
                frontend front
                    bind 127.0.0.1:\(setting.port)
                    default_backend behind
                backend behind
                    server worker 127.0.0.1:\(worker.port) \(option)

                """,
                "conf"
            )
            return ["haproxy", "-db", "-f", configuration]
        }
        let ended = try await scene.must(
            .system("curl"),
            [
                "-sS", "--interface", "127.0.0.42", "--cacert", scene.certificates.authority,
                proxy.url + "files/data.bin",
            ],
            by: .reader
        )
        #expect(ended.output == published.bytes)
        try await worker.program.says("peer=127.0.0.42:")
    }

    @Test(arguments: [
        ["--address-limit", "0"], ["--address-limit", "10.0.0.0/8"], ["--address-limit", "10.0.0.0/33=1"],
        ["--address-limit", "x=1"], ["--address-limit", "1", "--address-limit", "2"], ["--proxy-protocol", "x"],
        ["--proxy-protocol", "10.0.0.0/8=1"],
    ])
    func `what cannot be meant is a usage error`(options: [String]) async throws {
        let ended = try await scene.run(.server, ["--cert", scene.certificates.server] + options, by: .publisher)
        #expect(ended.code == 64, "\(ended.errors)")
        #expect(ended.errors.hasPrefix("error: "))
    }
}
