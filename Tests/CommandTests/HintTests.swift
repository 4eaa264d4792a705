import TestSupport
import Testing

/// What a person is told of a source that TLS or access rules keep from being one: the cause, and what to do about that.
@Suite("The hint fits the cause, met through real servers")
struct HintTests {
    private let scene: Scene
    private let published: Published

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(noise(300_000), chunkSize: 65_536)
    }

    enum Cause: String, CaseIterable, Sendable {
        case expired, notYetValid, wrongName, wrongAddress, selfSigned, otherAuthority, unknownAuthority
        case otherPin, plainHTTP, certificateWanted, otherCertificateWanted, nobodyThere, forbidden

        /// Words of what happened, and words of what to do.
        var told: (message: String, hint: String) {
            switch self {
            case .expired: ("has expired", "check this machine's clock")
            case .notYetValid: ("is not yet valid", "check this machine's clock")
            case .wrongName: ("not for the host name localhost", "use the name or address that the certificate was")
            case .wrongAddress: ("not for the IP address 127.0.0.1", "use the name or address that the certificate was")
            case .selfSigned: ("self-signed", "the file of --cacert lacks this certificate")
            case .otherAuthority: ("unknown authority", "the CA of --cacert is another one")
            case .unknownAuthority: ("unknown authority", "name that with --cacert, after checking whose it is")
            case .otherPin: ("not one of those pinned", "ask the server's operator for the pin of its key")
            case .plainHTTP: ("does not speak TLS", "check host and port")
            case .certificateWanted: ("certificate", "show a client certificate that the server's operator has issued")
            case .otherCertificateWanted: ("unknown CA", "ask the server's operator which client certificates it takes")
            case .nobodyThere: ("Connection refused", "check host and port, and that the server runs there")
            case .forbidden: ("refused access (403)", "ask its operator for access")
            }
        }

        var code: Int32 { self == .nobodyThere ? 69 : 77 }
        var namesAuthority: Bool { self != .unknownAuthority }
        /// Options of a hint that would say what was done already, or what has nothing to do with it.
        var mustNotName: [String] {
            switch self {
            case .selfSigned, .otherAuthority: ["name", "--pin", "--cert "]
            case .unknownAuthority: ["--pin", "--cert "]
            case .otherPin: ["--cacert", "--cert "]
            case .certificateWanted, .forbidden: ["--cacert", "--pin"]
            case .otherCertificateWanted: ["--cacert", "--pin", "--key"]
            case .expired, .notYetValid, .wrongName, .wrongAddress, .plainHTTP, .nobodyThere:
                ["--cacert", "--pin", "--cert"]
            }
        }
    }

    /// A server with such a fault: what keeps it running, its URL, and the options that the cause needs.
    private func server(_ cause: Cause) async throws -> (any Sendable, url: String, options: [String]) {
        let own = scene.certificates
        let place = scene.path("leaf")
        try Files.makeDirectory(place)
        var certificate: String?
        var serving: [String] = []
        var options: [String] = []
        switch cause {
        case .expired: certificate = try await own.makeServer(in: place, validity: .past)
        case .notYetValid: certificate = try await own.makeServer(in: place, validity: .future)
        case .wrongName: certificate = try await own.makeServer(in: place, names: "DNS:other.example,IP:127.0.0.1")
        case .wrongAddress: certificate = try await own.makeServer(in: place, names: "DNS:localhost,IP:192.0.2.1")
        case .selfSigned: certificate = try await own.makeServer(in: place, selfSigned: true)
        case .otherAuthority: certificate = try await Certificates.ofAnotherAuthority().makeServer(in: place)
        case .unknownAuthority: break
        case .otherPin: options = ["--pin", try await Certificates.pin(of: own.authority, in: scene)]
        case .certificateWanted: serving = ["--client-ca", own.authority]
        case .otherCertificateWanted:
            serving = ["--client-ca", own.authority]
            let other = try await Certificates.ofAnotherAuthority()
            options = ["--cert", scene.path("stranger.pem"), "--key", scene.path("stranger.key")]
            try Files.write(Files.read(other.client("alice").certificate), to: options[1])
            try Files.write(Files.read(other.client("alice").key), to: options[3])
        case .plainHTTP:
            let plain = try await PlainServer.start()
            return (plain, "https://127.0.0.1:\(plain.port)/", [])
        case .nobodyThere:
            let worker = try await scene.worker(root: published.root)
            let url = worker.url
            _ = try await worker.stop()
            return (worker, url, [])
        case .forbidden:
            let fault = try await FaultServer.start(certificate: own.server) { _, reply in
                try await reply.send(status: "403 Forbidden", body: [])
            }
            return (fault, fault.url, [])
        }
        let worker = try await scene.worker(root: published.root, serving, certificate: certificate)
        return (worker, cause == .wrongName ? "https://localhost:\(worker.port)/" : worker.url, options)
    }

    private func check(_ ended: Ended, _ cause: Cause) throws {
        let (message, hint) = try ended.failed([cause.code], saying: [cause.told.message])
        #expect(hint.hasPrefix(cause.told.hint) || hint.hasSuffix(cause.told.hint), "\(message)\n\(hint)")
        for option in cause.mustNotName { #expect(!hint.contains(option), "\(hint)") }
    }

    @Test(arguments: Cause.allCases) func `get`(cause: Cause) async throws {
        let (server, url, options) = try await server(cause)
        let authority = cause.namesAuthority ? ["--cacert", scene.certificates.authority] : []
        let arguments = ["get", published.manifest, "-o", scene.path("copy"), "--server", url]
        let key = ["--publisher-key", try await scene.publisherKey()]
        try check(try await scene.run(.secure, arguments + key + authority + options, by: .reader), cause)
        withExtendedLifetime(server) {}
    }

    @Test(arguments: ["get", "verify"], Cause.allCases)
    func `A manifest by its URL`(command: String, cause: Cause) async throws {
        let (server, url, options) = try await server(cause)
        let authority = cause.namesAuthority ? ["--cacert", scene.certificates.authority] : []
        let output = command == "get" ? ["-o", scene.path("copy")] : []
        let arguments = [command, url + "manifests/data.bin.json"] + output
        try check(try await scene.run(.secure, arguments + authority + options, by: .reader), cause)
        withExtendedLifetime(server) {}
    }

    @Test func `The publisher's key was named, and another has signed`() async throws {
        let other = try await scene.publisherKey("other", by: .stranger)
        for command in [Program.secure, .sign] {
            let arguments = ["verify", published.manifest, "--publisher-key", other]
            let ended = try await scene.run(command, arguments, by: .reader)
            let told = try ended.failed([65], saying: ["none of those named"])
            #expect(told.hint.hasPrefix("ask the publisher which key is right"), "\(told.hint)")
        }
    }
}
