import FDLCore
import Testing

@testable import FDLCore

@Suite("Proxies, as curl reads them") struct ProxyTests {
    @Test(
        arguments: [
            ("http://p.example:3128", Proxy.Kind.http, "p.example:3128"),
            ("http://p.example:3128/", .http, "p.example:3128"),
            ("HTTP://P.example", .http, "p.example:1080"),
            ("p.example:8080", .http, "p.example:8080"),
            ("http://[::1]:3128", .http, "[::1]:3128"),
            ("socks5h://127.0.0.1", .socks, "127.0.0.1:1080"),
            ("http://me:x@p.example:3128", .http, "p.example:3128"),
        ]
    )
    func `What is one`(text: String, kind: Proxy.Kind, address: String) throws {
        let proxy = try Proxy(text)
        #expect(proxy.kind == kind)
        #expect(proxy.address == address)
    }

    @Test(
        arguments: [
            ("https://p.example", ProxyURLError.tlsToProxy), ("socks5://p.example", .resolvesHere),
            ("socks://p.example", .resolvesHere), ("socks4://p.example", .olderSOCKS),
            ("socks4a://p.example", .olderSOCKS), ("ftp://p.example", .unknownScheme),
            ("socks5h://me:x@p.example", .loginForSOCKS), ("http://p.example:x", .invalidPort),
            ("http://p.example:0", .invalidPort), ("http://", .invalidHost), ("http://p example", .invalidCharacter),
            ("http://p.example\r\nX: y", .invalidCharacter), ("http://me:1%@p.example", .invalidLogin),
        ]
    )
    func `What is none`(text: String, error: ProxyURLError) {
        #expect(throws: error) { try Proxy(text) }
        #expect(!error.hint.isEmpty)
    }

    /// RFC 7617: base64 of `Aladdin:open sesame`.
    @Test(
        arguments: [
            ("http://Aladdin:open%20sesame@h", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), ("http://me@h", "bWU6"),
            ("http://me:a:b@h", "bWU6YTpi"), ("http://me:%40%2F@h", "bWU6QC8="),
        ]
    )
    func `Its login`(text: String, encoded: String) throws {
        let proxy = try Proxy(text)
        #expect(proxy.login?.revealed == "Basic " + encoded)
        #expect(!"\(proxy)".contains(encoded))
        #expect(!String(reflecting: proxy).contains(encoded))
    }

    private func address(
        given: String? = nil,
        _ environment: [String: String],
        _ url: String = "https://a.example/"
    ) throws -> String? {
        let settings = try ProxySettings(given: given) { environment[$0] }
        return settings.proxy(for: try SourceURL(url).origin)?.address
    }

    @Test func `Variables: the scheme's before all, lower case before upper, and an empty one is none`() throws {
        #expect(try address([:]) == nil)
        #expect(try address(["HTTPS_PROXY": "a:1"]) == "a:1")
        #expect(try address(["https_proxy": "b:1", "HTTPS_PROXY": "a:1"]) == "b:1")
        #expect(try address(["https_proxy": "", "HTTPS_PROXY": "a:1"]) == "a:1")
        #expect(try address(["ALL_PROXY": "c:1", "HTTPS_PROXY": "a:1"]) == "a:1")
        #expect(try address(["ALL_PROXY": "c:1"]) == "c:1")
        #expect(try address(["all_proxy": "d:1", "ALL_PROXY": "c:1"]) == "d:1")
        // Those of other schemes say nothing of https.
        #expect(try address(["http_proxy": "e:1", "HTTP_PROXY": "e:1"]) == nil)
    }

    @Test func `What is given comes before the variables; exceptions count for it too`() throws {
        #expect(try address(given: "g:1", ["HTTPS_PROXY": "a:1"]) == "g:1")
        #expect(try address(given: "", ["HTTPS_PROXY": "a:1"]) == nil)
        // A variable that is not read need not be a proxy.
        #expect(try address(given: "g:1", ["HTTPS_PROXY": "ftp://a"]) == "g:1")
        #expect(try address(given: "g:1", ["NO_PROXY": "a.example"]) == nil)
        #expect(try address(["HTTPS_PROXY": "a:1", "no_proxy": "x", "NO_PROXY": "a.example"]) == "a:1")
        #expect(try address(["HTTPS_PROXY": "a:1", "no_proxy": "", "NO_PROXY": "a.example"]) == nil)
    }

    @Test func `What is no proxy is named, without its password`() throws {
        let variable = #expect(throws: ProxySettingsError.self) {
            try ProxySettings(given: nil) { $0 == "ALL_PROXY" ? "https://me:hunter2@p.example" : nil }
        }
        #expect(variable?.failure.exitCode == .configuration)
        #expect(
            variable?.failure.message
                == "ALL_PROXY https://…@p.example cannot be a proxy: TLS to the proxy itself is not spoken"
        )
        let option = #expect(throws: ProxySettingsError.self) {
            try ProxySettings(given: "socks5://me:hunter2@p.example") { _ in nil }
        }
        #expect(option?.failure.exitCode == .usage)
        #expect(option?.failure.message.contains("hunter2") == false)
        #expect(option?.failure.hint == "write socks5h://: the proxy then looks the names up")
    }

    @Test(
        arguments: [
            ("*", "https://a.example/", true), ("a.example", "https://a.example/", true),
            ("A.Example", "https://a.example/", true), (".a.example", "https://a.example/", true),
            ("example", "https://a.example/", true), ("ample", "https://a.example/", false),
            ("b.a.example", "https://a.example/", false), ("a.example.", "https://a.example/", true),
            ("x, a.example", "https://a.example/", true), ("x a.example y", "https://a.example/", true),
            ("x,,*", "https://a.example/", true), ("", "https://a.example/", false), (".", "https://a.example/", false),
            ("a.example:443", "https://a.example/", true), ("a.example:8443", "https://a.example/", false),
            ("a.example:8443", "https://a.example:8443/", true), ("a.example:", "https://a.example/", false),
            ("127.0.0.1", "https://127.0.0.1:5/", true), ("127.0.0.1:5", "https://127.0.0.1:5/", true),
            ("127.0.0.1:6", "https://127.0.0.1:5/", false), ("127.0.0.0/8", "https://127.9.9.9/", true),
            ("127.0.0.0/16", "https://127.1.0.1/", false), ("10.1.2.128/25", "https://10.1.2.129/", true),
            ("10.1.2.128/25", "https://10.1.2.127/", false), ("0.0.0.0/0", "https://9.9.9.9/", true),
            ("0.0.0.0/0", "https://a.example/", false), ("127.0.0.0/33", "https://127.0.0.1/", false),
            ("127.0.0.0/x", "https://127.0.0.1/", false), ("::1", "https://[::1]/", true),
            ("[::1]", "https://[::1]/", true), ("[::1]:443", "https://[::1]/", true),
            ("[::1]:444", "https://[::1]/", false), ("0:0::1", "https://[::1]/", true),
            ("fd00::/8", "https://[fd12:3::4]/", true), ("fd00::/8", "https://[fe80::1]/", false),
            ("::/0", "https://127.0.0.1/", false), ("0.0.1", "https://127.0.0.1/", false),
        ]
    )
    func `Exceptions`(list: String, url: String, isDirect: Bool) throws {
        let settings = ProxySettings(proxy: try Proxy("p:1"), exceptions: list)
        #expect((settings.proxy(for: try SourceURL(url).origin) == nil) == isDirect, "\(list) and \(url)")
    }

    @Test(
        arguments: [
            ("1.2.3.4", [1, 2, 3, 4]), ("1.2.3.256", nil), ("1.2.3", nil), ("1.2.3.4.5", nil), ("1.2.3.+4", nil),
            ("::", Array(repeating: 0, count: 16)), ("::1", Array(repeating: 0, count: 15) + [1]),
            ("1:2:3:4:5:6:7:8", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]), ("1:2:3:4:5:6:7", nil),
            ("1:2:3:4:5:6:7:8:9", nil), ("1::2::3", nil),
            ("::ffff:1.2.3.4", Array(repeating: 0, count: 10) + [255, 255, 1, 2, 3, 4]),
            ("1.2.3.4::", nil), ("g::", nil), ("::12345", nil), ("a.example", nil), ("", nil), (":", nil),
        ] as [(String, [UInt8]?)]
    )
    func `Addresses`(text: String, bytes: [UInt8]?) {
        #expect(IPAddress.bytes(of: text) == bytes)
    }
}
