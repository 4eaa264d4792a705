import TestSupport
import Testing

@testable import FDLCore

@Suite struct TargetURLTests {
    private let base = TargetURL(origin: Origin(host: "a", port: 443), pathAndQuery: "/b/c/d;p?q")

    /// RFC 3986 section 5.4, for `https`, without fragments.
    @Test(
        arguments: [
            ("g", "/b/c/g"), ("./g", "/b/c/g"), ("g/", "/b/c/g/"), ("/g", "/g"), ("?y", "/b/c/d;p?y"),
            ("g?y", "/b/c/g?y"), ("#s", "/b/c/d;p?q"), ("g#s", "/b/c/g"), ("g?y#s", "/b/c/g?y"), (";x", "/b/c/;x"),
            ("g;x", "/b/c/g;x"), ("", "/b/c/d;p?q"), (".", "/b/c/"), ("./", "/b/c/"), ("..", "/b/"), ("../", "/b/"),
            ("../g", "/b/g"), ("../..", "/"), ("../../", "/"), ("../../g", "/g"), ("../../../g", "/g"),
            ("/./g", "/g"), ("/../g", "/g"), ("g.", "/b/c/g."), (".g", "/b/c/.g"), ("g..", "/b/c/g.."),
            ("..g", "/b/c/..g"), ("./../g", "/b/g"), ("./g/.", "/b/c/g/"), ("g/./h", "/b/c/g/h"),
            ("g/../h", "/b/c/h"), ("g;x=1/./y", "/b/c/g;x=1/y"), ("g;x=1/../y", "/b/c/y"), ("g?y/./x", "/b/c/g?y/./x"),
            ("g?y/../x", "/b/c/g?y/../x"), ("a b/ä", "/b/c/a%20b/%C3%A4"), ("./x:y", "/b/c/x:y"),
        ]
    )
    func relativeReferences(_ reference: String, _ resolved: String) throws {
        #expect(try base.resolving(reference) == TargetURL(origin: base.origin, pathAndQuery: resolved))
    }

    @Test(
        arguments: [
            ("//g", "g", 443, "/"), ("https://g", "g", 443, "/"), ("HTTPS://G:8443/x?y#z", "g", 8443, "/x?y"),
            ("https://g?x=https://h/", "g", 443, "/?x=https://h/"), ("https://[::1]:44/a/../b", "::1", 44, "/b"),
        ]
    )
    func otherOrigins(_ reference: String, _ host: String, _ port: Int, _ path: String) throws {
        let expected = TargetURL(origin: Origin(host: host, port: port), pathAndQuery: path)
        #expect(try base.resolving(reference) == expected)
    }

    @Test(
        arguments: [
            ("http://a/", .plainHTTP), ("HTTP://a/", .plainHTTP), ("ftp://a/", .scheme("ftp")),
            ("javascript:alert(1)", .scheme("javascript")), ("https:/a", .address(.invalidHost)),
            ("https:a", .address(.invalidHost)), ("https://", .address(.invalidHost)),
            ("https://u:p@a/", .address(.userinfo)), ("https://a:0/", .address(.invalidPort)),
            ("https://a:99999/", .address(.invalidPort)), ("https://ä/", .address(.invalidHost)),
            ("https://a\\b/", .address(.invalidCharacter)), ("x\ry", .address(.invalidCharacter)),
        ] as [(String, RedirectFault)]
    )
    func whatIsNotFollowed(_ reference: String, _ fault: RedirectFault) {
        #expect(throws: fault) { try base.resolving(reference) }
    }

    @Test func theQueryIsNotShown() throws {
        let target = try base.resolving("https://b.example:8443/x/y?X-Amz-Signature=secret")
        #expect("\(target)" == "https://b.example:8443/x/y")
        #expect(!"\(SourceError.led(to: target, .lacking))".contains("secret"))
    }

    /// Whatever a server says, what goes into a request line is visible ASCII that begins with a slash.
    @Test func nothingElseGetsIntoARequestLine() {
        var generator = SeededGenerator(seed: 12)
        let alphabet = Array("a/.?#:%@[]\\ \t\r\nä;https".unicodeScalars)
        for _ in 0..<20_000 {
            var text = ""
            for _ in 0..<(generator.next() % 14) {
                text.unicodeScalars.append(alphabet[Int(generator.next() % UInt64(alphabet.count))])
            }
            guard let target = try? base.resolving(text) else { continue }
            #expect(target.pathAndQuery.hasPrefix("/"), "\(text)")
            #expect(target.pathAndQuery.utf8.allSatisfy { (0x21...0x7e).contains($0) }, "\(text)")
            let parts = target.pathAndQuery.prefix { $0 != "?" }.split(separator: "/")
            #expect(!parts.contains("..") && !parts.contains("."), "\(text)")
        }
    }
}
