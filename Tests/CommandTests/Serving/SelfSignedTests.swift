import Glibc
import TestSupport
import Testing

@Suite("A worker that makes its own certificate")
struct SelfSignedTests {
    private let scene: Scene
    private let published: Published

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(prose(100_000), chunkSize: 65_536)
    }

    private func start(_ options: [String] = []) async throws -> Worker {
        let arguments = ["--self-signed", "--root", published.root, "--listen", "127.0.0.1:0"] + options
        let program = try scene.start(.server, arguments, by: .publisher)
        let worker = try await Worker(program, port: program.listeningPort())
        try await program.until("it has said how to get from it") {
            String(decoding: program.output, as: UTF8.self).contains("--pin") ? () : nil
        }
        return worker
    }

    private func lines(_ worker: Worker) -> [String] {
        String(decoding: worker.program.output, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test func `The line that it prints fetches, as it stands`() async throws {
        let worker = try await start()
        let line = try #require(lines(worker).first { $0.hasPrefix("fdl-secure get ") })
        let words = line.split(separator: " ").map(String.init)
        #expect(words.dropFirst(2).first == worker.url)
        let key = try await scene.publisherKey()
        let arguments = Array(words.dropFirst()) + ["--publisher-key", key, "-o", scene.path("copy")]
        try await scene.must(.secure, arguments, by: .reader)
        #expect(try Files.hold(scene.path("copy"), published.bytes))
    }

    @Test func `The file is its owner's alone, named, and the same after a restart`() async throws {
        let worker = try await start()
        let file = scene.home(of: .publisher) + "/state/fdl/worker.pem"
        #expect(lines(worker).contains("key and certificate: \(file)"))
        #expect(try Files.mode(file) == 0o600)
        let pin = try #require(lines(worker).first { $0.hasPrefix("pin: ") })
        #expect(pin == "pin: " + (try await Certificates.pin(of: file, in: scene)))
        _ = try await worker.stop()
        #expect(lines(try await start()).contains(pin))
        let check = ["verify", "-x509_strict", "-CAfile", file, file]
        try await scene.must(.system("openssl"), check, by: .publisher)
    }

    @Test func `A state directory that cannot be made, and --cert beside it, are told`() async throws {
        let both = try await scene.run(.server, ["--self-signed", "--cert", "x"], by: .publisher)
        try both.failed(64, saying: "leave --cert and --key out")
        let neither = try await scene.run(.server, [], by: .publisher)
        try neither.failed(64, saying: "--self-signed")
        let refused = try await scene.start(
            .server,
            ["--self-signed", "--root", published.root],
            by: .publisher,
            environment: ["XDG_STATE_HOME": "/proc/none"]
        ).wait()
        try refused.failed(78, saying: "/proc/none")
    }

    @Test func `--hsts speaks for all ports of the name, so it is not there by default`() async throws {
        func header(_ worker: Worker) async throws -> Bool {
            let command = ["-skI", worker.url + "healthz"]
            return try await scene.must(.system("curl"), command, by: .reader).text.lowercased()
                .contains("strict-transport-security: max-age=31536000\r\n")
        }
        #expect(try await !header(start()))
        #expect(try await header(start(["--hsts"])))
    }
}
