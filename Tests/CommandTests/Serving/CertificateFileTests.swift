import Glibc
import TestSupport
import Testing

@Suite("A worker's certificate and key files, as a person gets them wrong")
struct CertificateFileTests {
    private let scene: Scene
    private let published: Published

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(prose(10_000), chunkSize: 65_536)
    }

    /// A copy of the worker's pair of files.
    private func pair(_ name: String = "own") throws -> (certificate: String, key: String) {
        let pair = (scene.path("\(name)/tls.pem"), scene.path("\(name)/tls.key"))
        try Files.copy(scene.certificates.server, to: pair.0)
        try Files.copy(scene.certificates.serverKey, to: pair.1)
        return pair
    }

    private func start(_ options: [String]) async throws -> Ended {
        try await scene.run(.server, ["--root", published.root, "--listen", "127.0.0.1:0"] + options, by: .publisher)
    }

    enum Wrong: CaseIterable {
        case missing, unreadable, directory, encrypted, der, empty, anothers
    }

    @Test(arguments: Wrong.allCases) func `A key is named with what is wrong with it`(wrong: Wrong) async throws {
        let (certificate, key) = try pair()
        var options = ["--cert", certificate, "--key", key]
        let message: String
        let hint: String
        switch wrong {
        case .missing:
            try Files.remove(key)
            options = ["--cert", certificate]
            (message, hint) = ("there is no private key file \(key)", "lies beside it")
        case .unreadable:
            chmod(key, 0)
            // Root reads all files, unless it has given that up.
            try #require(access(key, R_OK) != 0, "this test needs an ordinary user")
            (message, hint) = ("cannot read \(key): Permission denied", "let this program's user read it")
        case .directory:
            options[3] = scene.path("own")
            (message, hint) = ("cannot read \(options[3]): it is a directory", "name the file in it")
        case .encrypted:
            let encrypt = ["pkey", "-in", key, "-aes256", "-passout", "pass:secret", "-out", key + ".locked"]
            try await scene.must(.system("openssl"), encrypt, by: .publisher)
            options[3] = key + ".locked"
            (message, hint) = ("the private key \(key).locked is encrypted", "openssl pkey -in KEY -out FILE")
        case .der:
            let convert = ["pkey", "-in", key, "-outform", "DER", "-out", key + ".der"]
            try await scene.must(.system("openssl"), convert, by: .publisher)
            options[3] = key + ".der"
            (message, hint) = ("\(key).der is not readable PEM: it is in DER or PKCS #12", "give a PEM file")
        case .empty:
            try Files.write([], to: key)
            (message, hint) = ("\(key) is not readable PEM: it holds no private key", "give a PEM file")
        case .anothers:
            options[3] = scene.certificates.client("alice").key
            message = "the private key \(options[3]) belongs to another certificate than \(certificate)"
            hint = "give the key that the certificate was made for"
        }
        let failure = try await start(options).failed([78], saying: [message])
        #expect(failure.hint.contains(hint), "\(failure.hint)")
    }

    @Test func `A renewed key that cannot be read keeps the pair in use, and the log says so`() async throws {
        let (certificate, key) = try pair()
        let worker = try await scene.worker(root: published.root, ["--key", key], certificate: certificate)
        try Files.write(Array("nonsense".utf8), to: key)
        worker.program.signal(SIGHUP)
        try await worker.program.until("it says that the pair stays") {
            let line =
                "certificate not renewed, the one in use stays: \(key) is not readable PEM: it holds no private key"
            return worker.program.errors.contains(line) ? () : nil
        }
        let command = ["-sS", "--cacert", scene.certificates.authority, worker.url + "files/data.bin"]
        #expect(try await scene.must(.system("curl"), command, by: .reader).output == published.bytes)
    }

    @Test func `Of several certificates all are renewed, or none`() async throws {
        let (first, second) = (try pair("first"), try pair("second"))
        let worker = try await scene.worker(
            root: published.root,
            ["--cert", second.certificate],
            certificate: first.certificate
        )
        let made = try await Certificates.ofAnotherAuthority()
        try Files.copy(made.server, to: first.certificate)
        try Files.copy(made.serverKey, to: first.key)
        try Files.copy(made.server, to: second.certificate)
        worker.program.signal(SIGHUP)
        try await worker.program.says("\(second.key) belongs to another certificate")
        let command = ["-sS", "--cacert", scene.certificates.authority, worker.url + "healthz"]
        try await scene.must(.system("curl"), command, by: .reader)
        try Files.copy(made.serverKey, to: second.key)
        worker.program.signal(SIGHUP)
        try await worker.program.says("certificate read again")
        #expect(try await scene.run(.system("curl"), command, by: .reader).code == 60)
    }

    @Test func `Revoked clients are refused after SIGHUP, and those of other names from the start`() async throws {
        let client = scene.certificates.client("alice")
        let list = scene.path("clients.crl")
        try await scene.certificates.writeRevocations(of: [], to: list, in: scene)
        let (authority, root) = (scene.certificates.authority, published.root)
        let options = ["--client-ca", authority, "--client-crl", list]
        let worker = try await scene.worker(root: root, options + ["--client-name", "al*"])
        let other = try await scene.worker(
            root: root,
            options + ["--client-name", "bob", "--client-name", "*.example"]
        )
        func ask(_ worker: Worker) async throws -> Int32 {
            let command = ["-sS", "--cacert", authority, "--cert", client.certificate, "--key", client.key]
            return try await scene.run(.system("curl"), command + [worker.url + "healthz"], by: .reader).code
        }
        #expect(try await ask(worker) == 0)
        #expect(try await ask(other) != 0)
        try await scene.certificates.writeRevocations(of: [client.certificate], to: list, in: scene)
        worker.program.signal(SIGHUP)
        try await worker.program.says("certificate read again")
        #expect(try await ask(worker) != 0)
    }

    @Test func `Lists and names of clients without --client-ca are a wrong command line`() async throws {
        let certificate = ["--cert", scene.certificates.server]
        try await start(certificate + ["--client-crl", "x"]).failed(64, saying: "--client-crl needs --client-ca")
        try await start(certificate + ["--client-name", "x"]).failed(64, saying: "--client-name needs --client-ca")
        try await start([]).failed(64, saying: "--cert")
    }
}
