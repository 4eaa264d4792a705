import TestSupport
import Testing

@Suite("Sources whose TLS does not hold")
struct TLSRefusalTests {
    private let scene: Scene
    private let published: Published

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(noise(1_000_000), chunkSize: 65_536)
    }

    enum Fault: String, CaseIterable, Sendable {
        case expired, notYetValid, wrongName, wrongAddress, selfSigned, unknownAuthority

        /// A word of the reason that a person is given.
        var reason: String {
            switch self {
            case .expired: "expired"
            case .notYetValid: "not yet valid"
            case .wrongName: "not for the host name"
            case .wrongAddress: "not for the IP address"
            case .selfSigned: "self"
            case .unknownAuthority: "certificate"
            }
        }
    }

    /// A worker with such a certificate, and the address to call it by.
    private func worker(_ fault: Fault) async throws -> (worker: Worker, url: String) {
        let place = scene.path("leaf")
        try Files.makeDirectory(place)
        let own = scene.certificates
        let certificate =
            switch fault {
            case .expired: try await own.makeServer(in: place, validity: .past)
            case .notYetValid: try await own.makeServer(in: place, validity: .future)
            case .wrongName: try await own.makeServer(in: place, names: "DNS:other.example,IP:127.0.0.1")
            case .wrongAddress: try await own.makeServer(in: place, names: "DNS:localhost,IP:192.0.2.1")
            case .selfSigned: try await own.makeServer(in: place, selfSigned: true)
            case .unknownAuthority: try await Certificates.ofAnotherAuthority().makeServer(in: place)
            }
        let worker = try await scene.worker(root: published.root, certificate: certificate)
        return (worker, fault == .wrongName ? "https://localhost:\(worker.port)/" : worker.url)
    }

    @Test(arguments: Fault.allCases)
    func `Alone: exit 77 with the reason, and nothing is left`(fault: Fault) async throws {
        let bad = try await worker(fault)
        let output = scene.path("out/copy")
        try Files.makeDirectory(scene.path("out"))
        let failed = try await scene.get(published.manifest, to: output, from: [bad.url]).failed(77)
        #expect(failed.message.contains(fault.reason), "\(failed.message)")
        #expect(failed.message.contains(String(bad.worker.port)), "\(failed.message)")
        #expect(!Files.exists(output))
    }

    @Test(arguments: Fault.allCases)
    func `Beside an honest worker: dropped with its reason, the download completes`(fault: Fault) async throws {
        let bad = try await worker(fault)
        let tree = try HonestTree(manifest: published.manifest, root: published.root)
        // The honest one holds back until the bad one has been dropped.
        let gate = SharedMutex(false)
        let honest = try await FaultServer.start(certificate: scene.certificates.server) { request, reply in
            while !gate.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(2)) }
            try await tree.answer(request, reply)
        }
        let get = try await scene.startGet(published.manifest, to: scene.path("copy"), from: [bad.url, honest.url])
        try await get.until("it drops the bad source") {
            String(decoding: get.output, as: UTF8.self).contains("\"dropped\"") ? () : nil
        }
        gate.withLock { $0 = true }
        let result = try GetResult(await get.wait())
        let done = try result.done()
        #expect(try done.source(bad.url).chunks == 0)
        #expect(try done.source(honest.url).chunks == published.chunkCount)
        #expect(try Files.hold(scene.path("copy"), published.bytes))
        let named = (result.lines + result.ended.errors.split(separator: "\n").map(String.init))
            .contains { $0.contains(String(bad.worker.port)) && $0.contains(fault.reason) }
        #expect(named, "no line names the source and the reason:\n\(result.ended.text)\(result.ended.errors)")
    }

    @Test func `A pin that does not match: 77; the right pin is accepted`() async throws {
        let worker = try await scene.worker(root: published.root)
        let right = try await Certificates.pin(of: scene.certificates.server, in: scene)
        let wrong = try await Certificates.pin(of: scene.certificates.authority, in: scene)
        let output = scene.path("copy")
        let refused = try await scene.get(published.manifest, to: output, from: [worker.url], ["--pin", wrong])
        let failed = try refused.failed(77, saying: "pin")
        #expect(failed.hint?.contains("--pin") == true, "\(failed.hint ?? "")")
        #expect(!Files.exists(output))
        _ = try await scene.get(published.manifest, to: output, from: [worker.url], ["--pin", right]).done()
    }

    @Test func `A private CA nobody named is not trusted`() async throws {
        let worker = try await scene.worker(root: published.root)
        let key = try await scene.publisherKey()
        let arguments = ["get", published.manifest, "-o", scene.path("copy"), "--publisher-key", key]
        let ended = try await scene.run(.secure, arguments + ["--server", worker.url], by: .reader)
        try ended.failed(77)
    }
}
