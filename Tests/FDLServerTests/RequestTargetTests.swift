import FDLCore
import Testing

@testable import FDLServer

@Suite("What a request asks for")
struct RequestTargetTests {
    static let digest = String(repeating: "ab", count: 32)
    static let chunk = SHA256Digest(hex: digest).map(TreePath.chunk)

    @Test(
        arguments: [
            ("/", .frontPage),
            ("/?x=1", .frontPage),
            ("https://host:8443", .frontPage),
            ("https://host:8443?x", .frontPage),
            ("/healthz", .health),
            ("/manifests/a.iso.json", .manifest("a.iso.json")),
            ("/manifests/a.json.minisig", .manifest("a.json.minisig")),
            ("/manifests/a%20b.json", .manifest("a b.json")),
            ("/chunks/ab/\(digest)", chunk),
            ("https://host/chunks/ab/\(digest)", chunk),
            ("/files/a", .file("a")),
            ("/files/a/b%20c/d", .file("a/b c/d")),
            ("/files/%C3%A9", .file("é")),
            ("/files/a?download=1", .file("a")),
            ("/files/100%25", .file("100%")),
        ] as [(String, TreePath?)]
    )
    func understood(target: String, expected: TreePath?) {
        #expect(RequestTarget(target)?.path == expected)
    }

    @Test(arguments: [
        "/chunks/ac/\(digest)", "/chunks/\(digest)", "/chunks/ab/x/\(digest)", "/manifests/a/b.json",
        "/manifests/..%2f..%2fetc%2fpasswd", "/files/", "/files", "/files//a", "/files/a/", "/files/../a",
        "/files/a/../../b", "/files/%2e%2e/a", "/files/..%2fa", "/files/.hidden", "/files/a/.git/config",
        "/files/big.iso.fdl-part", "/files/a/b.FDL-part/c/d",
        "/files/a%00b", "/etc/passwd", "//", "/x",
        "/files/\(String(repeating: "n", count: 256))",
    ])
    func `there is no such thing`(target: String) throws {
        #expect(try #require(RequestTarget(target)).path == nil)
    }

    @Test(arguments: ["", "*", "files/a", "/files/%", "/files/%4", "/files/%zz", "/files/%ff", "://x/"])
    func malformed(target: String) {
        #expect(RequestTarget(target) == nil)
    }
}

@Suite("Addresses to listen at")
struct ListenAddressTests {
    @Test(arguments: [
        ("127.0.0.1:8443", "127.0.0.1", 8443), ("[::1]:0", "::1", 0), (":443", "::", 443), ("[::]:65535", "::", 65535),
        ("a.example:1", "a.example", 1),
    ])
    func understood(text: String, host: String, port: Int) {
        #expect(ListenAddress(text) == ListenAddress(host: host, port: port))
    }

    @Test(arguments: ["", "8443", "a.example", "::1:80", "[::1]", "[::1:80", "a:65536", "a:-1", "a:", "a:x", "a/b:1"])
    func refused(text: String) {
        #expect(ListenAddress(text) == nil)
    }

    @Test func `an IPv6 address has brackets in a URL`() {
        #expect(ListenAddress(host: "::1", port: 80).description == "[::1]:80")
        #expect(ListenAddress(host: "a", port: 80).description == "a:80")
    }
}
