import TestSupport
import Testing

@Suite("tools/make-certs")
struct MakeCertsTests {
    private let scene: Scene
    private let directory: String

    init() async throws {
        scene = try await Scene()
        directory = scene.path("made")
    }

    private func makeCerts(_ arguments: String...) async throws -> Ended {
        try await scene.run(.tool("make-certs"), ["--dir", directory] + arguments, by: .publisher)
    }

    private func openssl(_ arguments: String...) async throws -> Ended {
        try await scene.run(.system("openssl"), arguments, by: .publisher)
    }

    private func contents() throws -> [String: [UInt8]] {
        var contents: [String: [UInt8]] = [:]
        for name in try Files.list(directory) { contents[name] = try Files.read(directory + "/" + name) }
        return contents
    }

    @Test(arguments: [[], ["--rsa"]])
    func `What it makes holds before openssl's strict check, for its purpose and no other`(options: [String])
        async throws
    {
        let made = try await scene.run(
            .tool("make-certs"),
            ["--dir", directory, "worker.example", "192.0.2.7", "2001:db8::1", "--client", "alice"] + options,
            by: .publisher
        )
        #expect(made.code == 0, "\(made.errors)")
        #expect(
            try Files.list(directory)
                == ["ca.key", "ca.pem", "client-alice.key", "client-alice.pem", "server.key", "server.pem"]
        )
        for (file, good, bad) in [("server", "sslserver", "sslclient"), ("client-alice", "sslclient", "sslserver")] {
            func verify(_ purpose: String) async throws -> Int32 {
                let authority = "\(directory)/ca.pem"
                let leaf = "\(directory)/\(file).pem"
                return try await openssl("verify", "-x509_strict", "-CAfile", authority, "-purpose", purpose, leaf).code
            }
            #expect(try await verify(good) == 0)
            #expect(try await verify(bad) != 0)
        }
        for name in ["localhost", "worker.example"] {
            let check = try await openssl("x509", "-in", "\(directory)/server.pem", "-noout", "-checkhost", name)
            #expect(check.text.contains("does match"))
        }
        for address in ["127.0.0.1", "::1", "192.0.2.7", "2001:db8::1"] {
            let check = try await openssl("x509", "-in", "\(directory)/server.pem", "-noout", "-checkip", address)
            #expect(check.text.contains("does match"))
        }
        let other = try await openssl("x509", "-in", "\(directory)/server.pem", "-noout", "-checkhost", "other.example")
        #expect(other.text.contains("NOT match"))
        let algorithm = try await openssl("x509", "-in", "\(directory)/server.pem", "-noout", "-text")
        #expect(algorithm.text.contains(options.isEmpty ? "prime256v1" : "(3072 bit)"))
    }

    @Test func `A leaf is valid for less than 398 days, the CA for ten years`() async throws {
        _ = try await makeCerts()
        func isValid(_ file: String, afterDays days: Int) async throws -> Bool {
            let seconds = String(days * 86_400)
            return try await openssl("x509", "-in", "\(directory)/\(file)", "-noout", "-checkend", seconds).code == 0
        }
        #expect(try await isValid("server.pem", afterDays: 395))
        #expect(try await !isValid("server.pem", afterDays: 397))
        #expect(try await isValid("ca.pem", afterDays: 3_649))
        #expect(try await !isValid("ca.pem", afterDays: 3_651))
    }

    @Test func `Keys are their owner's alone, certificates everybody's`() async throws {
        _ = try await makeCerts("--client", "alice")
        for name in try Files.list(directory) {
            #expect(try Files.mode(directory + "/" + name) == (name.hasSuffix(".key") ? 0o600 : 0o644), "\(name)")
        }
    }

    @Test func `A second run keeps what is there and adds the client newly asked for`() async throws {
        _ = try await makeCerts("worker.example", "--client", "alice")
        let before = try contents()
        let second = try await makeCerts("worker.example", "--client", "alice", "--client", "bob")
        #expect(second.code == 0, "\(second.errors)")
        let after = try contents()
        #expect(before.allSatisfy { after[$0.key] == $0.value })
        #expect(Set(after.keys).subtracting(before.keys) == ["client-bob.pem", "client-bob.key"])
    }

    @Test func `Renewing makes new leaves under the same CA and keeps the names`() async throws {
        _ = try await makeCerts("worker.example", "--client", "alice")
        let before = try contents()
        let renewed = try await makeCerts("--renew", "second.example")
        #expect(renewed.code == 0, "\(renewed.errors)")
        let after = try contents()
        #expect(after.keys == before.keys)
        for (name, bytes) in before { #expect((after[name] == bytes) == name.hasPrefix("ca."), "\(name)") }
        for name in ["worker.example", "second.example"] {
            let check = try await openssl("x509", "-in", "\(directory)/server.pem", "-noout", "-checkhost", name)
            #expect(check.text.contains("does match"))
        }
    }

    @Test func `A name the certificate there lacks is refused, not passed over`() async throws {
        _ = try await makeCerts()
        let before = try contents()
        try await makeCerts("worker.example").failed(78, saying: "worker.example")
        try await makeCerts("1::2::3").failed(78, saying: "1::2::3")
        #expect(try contents() == before)
    }

    @Test func `Half a pair and a pair that does not match are refused`() async throws {
        _ = try await makeCerts("--client", "alice")
        try Files.copy(directory + "/client-alice.key", to: directory + "/server.key")
        try await makeCerts().failed(78, saying: "server.key")
        try Files.remove(directory + "/ca.key")
        try await makeCerts("--renew").failed(78, saying: "ca.pem", "ca.key")
    }

    @Test(arguments: ["a..b", "-x", "300.1.1.1", "1.2.3", "x y", "::g", "--client"])
    func `A wrong command line is a usage error`(argument: String) async throws {
        try await makeCerts(argument).failed(64)
        #expect(!Files.exists(directory))
    }
}
