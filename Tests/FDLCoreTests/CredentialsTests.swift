import FDLCore
import TestSupport
import Testing

@testable import FDLCore

@Suite("Who is shown what") struct CredentialsTests {
    private static let here = Origin(host: "a.example", port: 443)
    private static let others = [
        Origin(host: "a.example", port: 8443), Origin(host: "b.example", port: 443),
        Origin(host: "b.a.example", port: 443), Origin(host: "example", port: 443),
    ]

    @Test func `A field goes to the origins named, and to no other`() throws {
        let field = try SecretField("X-Token:  hunter2 ")
        #expect(field.name == "X-Token")
        #expect(field.value.revealed == "hunter2")
        let credentials = Credentials(fields: [field], named: [Self.here])
        #expect(credentials.fields(for: Self.here) == [field])
        for origin in Self.others { #expect(credentials.fields(for: origin).isEmpty) }
        #expect(Credentials(fields: [field]).fields(for: Self.here).isEmpty)
    }

    @Test func `A netrc login goes to its very host, on each port`() throws {
        let netrc = Netrc(Array("machine A.example login me password hunter2".utf8))
        let credentials = Credentials(netrc: netrc)
        let value = "Basic " + Base64.encode(Array("me:hunter2".utf8))
        #expect(credentials.fields(for: Self.here).map(\.value.revealed) == [value])
        #expect(credentials.fields(for: Self.others[0]).map(\.value.revealed) == [value])
        for origin in Self.others.dropFirst() { #expect(credentials.fields(for: origin).isEmpty) }
    }

    @Test func `An Authorization that is given comes before netrc's`() throws {
        let field = try SecretField("authorization: Bearer x")
        let netrc = Netrc(Array("machine a.example login me password hunter2".utf8))
        let credentials = Credentials(fields: [field], named: [Self.here], netrc: netrc)
        #expect(credentials.fields(for: Self.here) == [field])
        #expect(credentials.fields(for: Self.others[0]).count == 1)
        #expect(credentials.fields(for: Self.others[0]).first != field)
    }

    @Test func `What is shown makes a connection one that needs a chain of the reader's own`() throws {
        let credentials = Credentials(fields: [try SecretField("A: b")], named: [Self.here])
        #expect(credentials.areShown(to: try SourceURL("https://a.example/x")))
        #expect(!credentials.areShown(to: try SourceURL("https://b.example/x")))
        #expect(credentials.areShown(to: try SourceURL("https://b.example/x?sig=1", allowingQuery: true)))
    }

    @Test func `A token service is shown a login for registries that the reader named`() throws {
        let service = Origin(host: "auth.example", port: 443)
        let login = "machine auth.example login me password hunter2\nmachine b.example login you password hunter2"
        let netrc = Netrc(Array(login.utf8))
        let named = Credentials(named: [Self.here], registries: [Self.here], netrc: netrc)
        #expect(named.forTokens(of: Self.here).fields(for: service).count == 1)
        #expect(named.areShown(to: try SourceURL("https://a.example/v2/x/")))
        // Or by the netrc file itself.
        #expect(named.forTokens(of: Self.others[1]).fields(for: service).count == 1)
        // One that only a manifest names would choose whose token it gets.
        #expect(named.forTokens(of: Self.others[0]).fields(for: service).isEmpty)
        #expect(!named.areShown(to: try SourceURL("https://a.example:8443/v2/x/")))
        // A worker that is named is no registry.
        let worker = Credentials(named: [Self.here], netrc: netrc)
        #expect(worker.forTokens(of: Self.here).fields(for: service).isEmpty)
        #expect(!worker.areShown(to: try SourceURL("https://a.example/v2/x/")))
        #expect(
            !Credentials(named: [Self.here], registries: [Self.here]).areShown(to: try SourceURL("https://a.example"))
        )
        // A field goes on to a service at its own origin, and to no other.
        let field = try SecretField("Authorization: Bearer x")
        let given = Credentials(fields: [field], named: [Self.here], netrc: .empty).forTokens(of: Self.here)
        #expect(given.fields(for: Self.here) == [field])
        #expect(given.fields(for: service).isEmpty)
    }

    @Test func `Nothing secret is printed`() throws {
        let url = try SourceURL("https://a.example/x?sig=hunter2", allowingQuery: true)
        let netrc = Netrc(Array("machine a.example login me password hunter2".utf8))
        let credentials = Credentials(fields: [try SecretField("A: hunter2")], named: [Self.here], netrc: netrc)
        for text in ["\(url)", "\(credentials)", "\(netrc)", "\(credentials.fields(for: Self.here))"] {
            #expect(!text.contains("hunter2"))
        }
        var dumped = ""
        dump(credentials, to: &dumped)
        dump(url, to: &dumped)
        #expect(!dumped.contains("hunter2"))
        #expect(!String(reflecting: credentials).contains("hunter2"))
    }

    @Test func `A query is no part of the URL that is shown, and goes with each request`() throws {
        let url = try SourceURL("https://a.example/base?sv=1&sig=a/b%2B", allowingQuery: true)
        #expect(url.description == "https://a.example/base/")
        #expect(url.target(of: "chunks/ab") == "/base/chunks/ab?sv=1&sig=a/b%2B")
        let plain = try SourceURL("https://a.example/base")
        #expect(url != plain)
        #expect(url.isSameSource(as: plain))
        #expect(plain.target(of: "x") == "/base/x")
        #expect(try SourceURL("https://a.example?sig=1", allowingQuery: true).target(of: "x") == "/x?sig=1")
        #expect(try SourceURL("https://a.example/?", allowingQuery: true).query == nil)
        #expect(throws: SourceURLError.query) { try SourceURL("https://a.example/?x") }
        #expect(throws: SourceURLError.fragment) { try SourceURL("https://a.example/?x#y", allowingQuery: true) }
    }

    // MARK: Fields

    @Test(
        arguments: [
            ("X-Token", SecretFieldError.noColon), ("", .noColon), (": x", .invalidName), ("a b: x", .invalidName),
            ("X\r\nHost: x", .invalidName), ("é: x", .invalidName), ("X:", .noValue), ("X: \t ", .noValue),
            ("X: a\r\nHost: b", .controlCharacter), ("X: a\nb", .controlCharacter), ("X: a\0b", .controlCharacter),
            ("X: a\u{7f}", .controlCharacter), ("Host: h", .own(name: "Host")), ("rAnGe: x", .own(name: "rAnGe")),
            ("Content-Length: 0", .own(name: "Content-Length")), ("Connection: close", .own(name: "Connection")),
            ("Transfer-Encoding: chunked", .own(name: "Transfer-Encoding")),
            ("Proxy-Authorization: Basic x", .own(name: "Proxy-Authorization")),
            ("If-Range: x", .own(name: "If-Range")), ("Upgrade: h2c", .own(name: "Upgrade")),
        ]
    )
    func `No field`(text: String, error: SecretFieldError) {
        #expect(throws: error) { try SecretField(text) }
    }

    @Test func `A field has a bound`() throws {
        #expect(throws: SecretFieldError.tooLong) { try SecretField("X: " + String(repeating: "a", count: 8190)) }
        #expect(throws: Never.self) { try SecretField("X: " + String(repeating: "a", count: 8189)) }
    }

    @Test(
        arguments: [
            ("X-Token: hunter2", "X-Token: …"), ("a: b", "a: …"), ("X:\thunter2", "X: …"), ("C:/x", nil),
            ("a b: c", nil),
            (": x", nil), ("a:", nil), ("https://a.example/", nil),
        ] as [(String, String?)]
    )
    func `A field given in the wrong place`(text: String, shown: String?) {
        #expect(shownField(text) == shown)
        if let shown { #expect(shownArgument(text) == shown) }
    }

    // MARK: netrc

    @Test(
        arguments: [
            ("machine h login u password p", "u:p"), ("machine h\n\tlogin u\n\tpassword p\n", "u:p"),
            ("machine h password p login u", "u:p"), ("machine h login u", "u:"), ("machine h password p", nil),
            ("machine g login x password y\nmachine h login u password p", "u:p"),
            ("machine h login u password p machine h login v password q", "u:p"),
            ("default login u password p", nil), ("machine g login x default login u password p", nil),
            ("machine h account a login u password p", "u:p"),
            ("machine h login u password \"a b\\\"c\"", "u:a b\"c"),
            ("# machine h login x\nmachine h login u password #p", "u:#p"),
            ("macdef init\nmachine h login x password y\n\nmachine h login u password p", "u:p"),
            ("macdef init\r\nmachine h login x\r\n\r\nmachine h login u password p\r\n", "u:p"),
            ("macdef init\nmachine h login x password y", nil), ("machine", nil), ("machine h login", nil),
            ("login u password p", nil), ("machine h.example login u", nil), ("machine h login ü password p", "ü:p"),
        ] as [(String, String?)]
    )
    func `A netrc file`(text: String, login: String?) {
        let found = Netrc(Array(text.utf8)).login(for: "h")
        #expect(found.map { "\($0.user.revealed):\($0.password.revealed)" } == login)
    }

    @Test func `Any bytes are read to their end`() {
        var generator = SeededGenerator(seed: 7)
        let words = ["machine", "h", "login", "default", "macdef", "\"", "\\", "#", "\n", "\n\n", " ", "\0", "\u{80}"]
        for _ in 0..<2_000 {
            let text = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                (words.randomElement(using: &generator) ?? "") + (Bool.random(using: &generator) ? " " : "")
            }.joined()
            _ = Netrc(Array(text.utf8)).login(for: "h")
        }
    }
}
