import FDLCore
import NIOCore
import TestSupport
import Testing

@testable import FDLTLS

@Suite("Which clients are served", .timeLimit(.minutes(10)))
struct ClientRulesTests {
    private let authority: Authority

    init() async throws { authority = try await Authority() }

    private func context(list: String? = nil, names: [String] = []) async throws -> TLSContext {
        var configuration = TLSServerConfiguration(certificateChainPath: try await authority.issue().certificate)
        configuration.clients = .init(
            authorityPath: authority.certificate,
            revocationListPath: list,
            allowedNames: names
        )
        return try TLSContext.server(configuration)
    }

    /// Why a client is refused; nil if it is served.
    private func refusal(_ client: Authority.Identity, by context: TLSContext) async throws -> TLSError? {
        let listener = try await Listener(context: context)
        let there = try await Peer.connect(to: listener.port, context: authority.client(showing: client))
        let here = try await listener.accept()
        defer { there.channel.close(promise: nil) }
        switch await here.next() {
        case .handshake: return nil
        case .error(let error as TLSError): return error
        case let other: throw HarnessError("\(String(describing: other))")
        }
    }

    @Test("A revoked certificate is refused, others are not", arguments: ["PEM", "DER"])
    func revoked(form: String) async throws {
        let good = try await authority.issue("good", usage: "clientAuth")
        let bad = try await authority.issue("bad", usage: "clientAuth")
        var list = try await authority.revocations()
        #expect(try await refusal(bad, by: context(list: list)) == nil)
        try await authority.revoke(bad)
        list = try await authority.revocations()
        if form == "DER" {
            try await authority.openssl("crl", "-in", list, "-outform", "DER", "-out", "list.der")
            list = authority.path("list.der")
        }
        let context = try await context(list: list)
        #expect(context.remarks == [])
        #expect(try await refusal(bad, by: context) == .certificateRevoked)
        #expect(try await refusal(good, by: context) == nil)
    }

    @Test("With a list that is over nobody is served, and an operator hears of it")
    func over() async throws {
        let client = try await authority.issue("good", usage: "clientAuth")
        let list = try await authority.revocations(days: -1)
        let context = try await context(list: list)
        #expect(context.remarks.first?.contains("is out of date") == true)
        #expect(try await refusal(client, by: context) == .certificateRefused(reason: "CRL has expired"))
    }

    @Test("What is no list is refused")
    func noList() async throws {
        let damaged = authority.path("damaged.crl")
        try Files.write(Array("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n".utf8), to: damaged)
        for path in [authority.certificate, damaged, authority.path("none")] {
            let error = await #expect(throws: TLSError.self) { try await context(list: path) }
            guard case .unusableRevocationList(path, _) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
    }

    @Test(
        "Only clients with a name that is allowed are served",
        arguments: [
            (["alice.example"], true), (["ALICE.*"], true), (["bob", "*@example.org"], true), (["localhost"], true),
            (["urn:fdl:?lice"], true), (["bob"], false), (["alice"], false), (["*.example.org"], false), ([], true),
        ] as [([String], Bool)]
    )
    func names(patterns: [String], isServed: Bool) async throws {
        // The common name is localhost.
        let names = "DNS:alice.example,email:alice@example.org,URI:urn:fdl:alice"
        let client = try await authority.issue("client", names: names, usage: "clientAuth")
        let refusal = try await refusal(client, by: context(names: patterns))
        let all = ["localhost", "alice.example", "alice@example.org", "urn:fdl:alice"]
        #expect(refusal == (isServed ? nil : .clientNotAllowed(names: all)))
    }

    @Test("Patterns are taken as they are written")
    func patterns() {
        #expect(CertificateNames.areAllowed(["a/b"], by: ["a*"]))
        #expect(!CertificateNames.areAllowed(["a\0b"], by: ["a"]))
        #expect(!CertificateNames.areAllowed([], by: ["*"]))
        #expect(!CertificateNames.areAllowed(["ab"], by: [""]))
        #expect(CertificateNames.areAllowed(["Größe"], by: ["größ?"]))
    }
}
