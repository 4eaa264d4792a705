import TestSupport
import Testing

/// `--pin`, and whose key it is.
@Suite("Pins")
struct PinCommandTests {
    private let scene: Scene
    private let published: Published
    /// Self-signed, long expired, and for another name.
    private let certificate: String
    private let worker: Worker

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(noise(300_000), chunkSize: 65_536)
        let place = scene.path("leaf")
        try Files.makeDirectory(place)
        certificate = try await scene.certificates.makeServer(in: place, names: "DNS:other.example", validity: .past)
        worker = try await scene.worker(root: published.root, certificate: certificate)
    }

    private func get(_ manifest: String, _ output: String, _ options: [String]) async throws -> GetResult {
        let key = try await scene.publisherKey()
        let arguments = ["get", manifest, "-o", scene.path(output), "--json", "--publisher-key", key] + options
        return GetResult(try await scene.run(.secure, arguments, by: .reader))
    }

    @Test func `The leaf's key is enough, for the manifest too, and no other key is`() async throws {
        let pin = try await Certificates.pin(of: certificate, in: scene)
        let wrong = try await Certificates.pin(of: scene.certificates.server, in: scene)
        let authority = try await Certificates.pin(of: scene.certificates.authority, in: scene)
        let manifest = worker.url + "manifests/data.bin.json"
        try await get(manifest, "none", []).failed(77, saying: "TLS")
        #expect(try await get(manifest, "copy", ["--pin", pin]).done().chunks.fetched == published.chunkCount)
        // One of several, and of this origin.
        let both = ["--pin", wrong, "--pin", "\(worker.url)=\(pin)", "--header", "X-Token: hunter2"]
        _ = try await get(manifest, "both", both).done()
        // The CA's key in the chain is not the server's.
        for other in [wrong, authority] {
            try await get(manifest, "none", ["--pin", other]).failed(77, saying: "not one of those pinned")
        }
        // Another origin's pin opens nothing here.
        let elsewhere = ["--pin", "127.0.0.1:1=\(pin)"]
        try await get(manifest, "none", elsewhere).failed(77, saying: "TLS")
        // A CA that would do is no way around a pin.
        let trusted = try await scene.worker(root: published.root)
        let options = ["--server", trusted.url, "--cacert", scene.certificates.authority, "--pin", pin]
        try await get(published.manifest, "none", options).failed(77, saying: "not one of those pinned")
    }

    @Test func `A pin binds whom the command line names, not whom a manifest does`() async throws {
        let pin = try await Certificates.pin(of: certificate, in: scene)
        let trusted = try await scene.worker(root: published.root)
        let options = ["--chunk-size", "64KiB", "--source", trusted.url, "--ca", scene.certificates.authority]
        let manifest = try await scene.sign(published.file, options, manifest: scene.path("second.json"))
        let done = try await get(manifest, "copy", ["--server", worker.url, "--pin", pin]).done()
        for url in [trusted.url, worker.url] { #expect(try done.source(url).state != "unusable") }
        let unnamed = try await get(manifest, "none", ["--pin", pin])
        #expect(try unnamed.failed(64, saying: "and none is").hint?.contains("HOST:PORT=sha256//") == true)
        try await get(manifest, "none", ["--pin", "x=\(pin.dropLast())"]).failed(64, saying: "is not a pin")
    }
}
