import Glibc
import TestSupport
import Testing

/// Real proxies between real programs.
@Suite("Through proxies")
struct ThroughProxyTests {
    private let scene: Scene
    private let published: Published
    private let worker: Worker

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(noise(3_000_000))
        worker = try await scene.worker(root: published.root)
    }

    private func get(
        _ manifest: String? = nil,
        to output: String = "copy",
        from sources: [String]? = nil,
        _ options: [String] = [],
        _ environment: [String: String] = [:]
    ) async throws -> GetResult {
        let servers = (sources ?? [worker.url]).flatMap { ["--server", $0] }
        let arguments =
            try await ["get", manifest ?? published.manifest, "-o", scene.path(output), "--json"] + scene.acceptance()
            + servers + options
        return GetResult(try await scene.start(.secure, arguments, by: .reader, environment: environment).wait())
    }

    @Test(arguments: ForwardProxy.Kind.allCases)
    func `Manifest and chunks come through each kind of proxy`(kind: ForwardProxy.Kind) async throws {
        let proxy = try await ForwardProxy.start(kind, in: scene)
        let url = "\(kind.scheme)://127.0.0.1:\(proxy.port)"
        let manifest = worker.url + "manifests/data.bin.json"
        for (output, options) in [("plain", []), ("limited", ["--limit-rate", "20M"])] {
            let done = try await get(manifest, to: output, from: [], ["--proxy", url] + options).done()
            #expect(done.chunks.fetched == published.chunkCount)
            #expect(try Files.read(scene.path(output)) == published.bytes)
        }
        // By name, which the proxy looks up, and without TLS there is no name for the certificate to hold.
        let named = "https://localhost:\(worker.port)/"
        let done = try await get(to: "named", from: [named], [], ["HTTPS_PROXY": url]).done()
        #expect(try done.source(named).chunks == published.chunkCount)
        // Some write a line only after the connection has ended, and microsocks none that names the host.
        if kind != .microsocks {
            try await eventually("\(kind.rawValue) logs it") { proxy.log.contains("\(worker.port)") ? () : nil }
        }
    }

    @Test func `A name that only the proxy knows is looked up there, and the certificate must have it`() async throws {
        let name = "inside.example"
        let place = scene.path("leaf")
        try Files.makeDirectory(place)
        let certificate = try await scene.certificates.makeServer(in: place, names: "DNS:\(name)")
        let inside = try await scene.worker(root: published.root, certificate: certificate)
        let proxy = try await ForwardProxy.start(.squid, in: scene, name: name)
        let options = ["--proxy", "http://127.0.0.1:\(proxy.port)"]
        let manifest = "https://\(name):\(inside.port)/manifests/data.bin.json"
        let done = try await get(manifest, to: "copy", from: [], options).done()
        #expect(try done.source("https://\(name):\(inside.port)/").chunks == published.chunkCount)
        // The proxy is no way around the check of who answers.
        let other = "https://\(name):\(worker.port)/manifests/data.bin.json"
        try await get(other, to: "none", from: [], options).failed(77, saying: "not for the host name \(name)")
    }

    @Test func `Without leave of the proxy nothing is asked of the source`() async throws {
        let proxy = try await ForwardProxy.start(.squid, in: scene, allowed: [1])
        let url = "http://127.0.0.1:\(proxy.port)"
        let refused = try await get([published.manifest][0], to: "none", from: nil, ["--proxy", url])
        let told = try refused.failed(77, saying: "the proxy 127.0.0.1:\(proxy.port) does not let this through")
        #expect(told.hint?.contains("ask whoever runs the proxy") == true)
        #expect(!Files.exists(scene.path("none.fdl-part")))
        // The same source, asked directly, gives all: by the option, and by the list of exceptions.
        let environment = ["HTTPS_PROXY": url]
        _ = try await get(to: "direct", from: nil, ["--proxy", ""], environment).done()
        _ = try await get(to: "excepted", from: nil, [], ["ALL_PROXY": url, "NO_PROXY": "x, 127.0.0.0/8"]).done()
        let other = try await get(to: "other", from: nil, [], ["ALL_PROXY": url, "no_proxy": "127.0.0.1:1"])
        try other.failed(77, saying: "the proxy 127.0.0.1:\(proxy.port) does not let this through")
    }

    @Test(arguments: [ForwardProxy.Kind.squid, .tinyproxy])
    func `A login for the proxy`(kind: ForwardProxy.Kind) async throws {
        let proxy = try await ForwardProxy.start(kind, in: scene, wantsLogin: true)
        let place = "127.0.0.1:\(proxy.port)"
        let without = try await get(to: "none", from: nil, ["--proxy", "http://\(place)"])
        let told = try without.failed(77, saying: "the proxy \(place) wants a login")
        #expect(told.hint?.contains("HTTPS_PROXY") == true)
        let wrong = try await get(to: "none", from: nil, [], ["https_proxy": "http://user:hunter2@\(place)"])
        let toldWrong = try wrong.failed(77, saying: "the proxy \(place) does not take the login given")
        #expect(toldWrong.hint?.contains("%40") == true)
        #expect(!(wrong.ended.errors + wrong.ended.text).contains("hunter2"))
        let url = "http://\(kind.userinfo)@\(place)"
        let right = try await get(to: "copy", from: nil, [], ["https_proxy": url])
        _ = try right.done()
        #expect(!(right.ended.errors + right.ended.text).contains("p%40ss"))
        #expect(!(right.ended.errors + right.ended.text).contains(kind.password))
    }

    @Test func `A SOCKS server that wants a login is named, and so is one that does not let through`() async throws {
        let closed = try await ForwardProxy.start(.microsocks, in: scene, wantsLogin: true)
        let wanted = try await get(to: "none", from: nil, ["--proxy", "socks5h://127.0.0.1:\(closed.port)"])
        let told = try wanted.failed(77, saying: "the proxy 127.0.0.1:\(closed.port) wants a login")
        #expect(told.hint?.contains("no login can be given to a SOCKS proxy") == true)
        let narrow = try await ForwardProxy.start(.danted, in: scene, allowed: [1])
        let refused = try await get(to: "none", from: nil, ["--proxy", "socks5h://127.0.0.1:\(narrow.port)"])
        try refused.failed(77, saying: "the proxy 127.0.0.1:\(narrow.port) does not let this through")
    }

    @Test(arguments: ForwardProxy.Kind.allCases)
    func `A source that the proxy cannot reach`(kind: ForwardProxy.Kind) async throws {
        let proxy = try await ForwardProxy.start(kind, in: scene)
        let nothing = try ReservedPort()
        let url = "https://127.0.0.1:\(nothing.number)/manifests/x.json"
        let arguments = ["--proxy", "\(kind.scheme)://127.0.0.1:\(proxy.port)"]
        let result = try await get(url, to: "none", from: [], arguments)
        let told = try result.failed(69, saying: "the proxy 127.0.0.1:\(proxy.port) cannot reach it")
        #expect(told.hint?.contains("whether the proxy may reach them") == true)
    }

    @Test func `No proxy there, and something else there`() async throws {
        let manifest = worker.url + "manifests/data.bin.json"
        let nothing = try ReservedPort()
        let place = "127.0.0.1:\(nothing.number)"
        let nobody = try await get(manifest, to: "none", from: [], ["--proxy", "http://\(place)"])
        let told = try nobody.failed(69, saying: "the proxy \(place) cannot be reached: Connection refused")
        #expect(told.hint?.contains("check the proxy's address") == true)
        // A worker speaks TLS, and takes neither CONNECT nor SOCKS.
        for scheme in ["http", "socks5h"] {
            let options = ["--proxy", "\(scheme)://127.0.0.1:\(worker.port)"]
            let result = try await get(manifest, to: "none", from: [], options)
            let told = try result.failed(69, saying: "127.0.0.1:\(worker.port)", "prox")
            #expect(told.hint?.contains("check the proxy's address") == true)
        }
        let plain = try await PlainServer.start()
        let answered = try await get(manifest, to: "none", from: [], ["--proxy", "http://127.0.0.1:\(plain.port)"])
        try answered.failed(69, saying: "the proxy 127.0.0.1:\(plain.port) answered 400")
    }

    @Test(arguments: [ForwardProxy.Kind.tinyproxy, .microsocks])
    func `A proxy that hangs is named, and once it goes on so does the download`(
        kind: ForwardProxy.Kind
    ) async throws {
        let proxy = try await ForwardProxy.start(kind, in: scene)
        let manifest = worker.url + "manifests/data.bin.json"
        let options = ["--proxy", "\(kind.scheme)://127.0.0.1:\(proxy.port)"]
        // The system still takes connections for it; nobody answers them.
        proxy.signal(SIGSTOP)
        let told = try await get(manifest, from: [], options)
            .failed(69, saying: "the proxy 127.0.0.1:\(proxy.port) does not answer")
        #expect(told.hint?.contains("check the proxy's address") == true)
        proxy.signal(SIGCONT)
        _ = try await get(manifest, from: [], options).done()
    }

    @Test func `What is no proxy is refused before anything is asked`() async throws {
        for (url, hint) in [
            ("https://me:hunter2@p.example", "use the proxy's http:// port"),
            ("socks5://p.example", "write socks5h://"),
            ("socks4a://p.example", "use a proxy of http:// or of socks5h://"),
        ] {
            let option = try await get(to: "none", from: nil, ["--proxy", url])
            #expect(try option.failed(64, saying: "--proxy", "cannot be a proxy").hint?.contains(hint) == true)
            let variable = try await get(to: "none", from: nil, [], ["ALL_PROXY": url])
            #expect(try variable.failed(78, saying: "ALL_PROXY", "cannot be a proxy").hint?.contains(hint) == true)
            #expect(!(option.ended.errors + variable.ended.errors).contains("hunter2"))
        }
    }
}
