import TestSupport
import Testing

@Suite("A manifest and its signature are read while new ones are put there")
struct TornPairTests {
    private struct Pairs {
        let scene: Scene
        let root: String
        let old: (manifest: [UInt8], signature: [UInt8])
        let new: (manifest: [UInt8], signature: [UInt8])
        var path: String { root + "/data.bin.manifest.json" }
    }

    private func pairs() async throws -> Pairs {
        let scene = try await Scene()
        let root = scene.path("published")
        try Files.write(noise(10_000), to: root + "/data.bin")
        func pair(_ version: String) async throws -> ([UInt8], [UInt8]) {
            let path = try await scene.sign(root + "/data.bin", ["--version", version])
            return (try Files.read(path), try Files.read(path + ".minisig"))
        }
        return Pairs(scene: scene, root: root, old: try await pair("5"), new: try await pair("6"))
    }

    /// Serves the old manifest with the new signature until it was asked for so many pairs.
    private func server(_ pairs: Pairs, torn: Int) async throws -> FaultServer {
        let asked = SharedMutex(0)
        let (old, new) = (pairs.old, pairs.new)
        return try await FaultServer.start(certificate: pairs.scene.certificates.server) { request, reply in
            if request.target.hasSuffix(".minisig") {
                try await reply.send(status: "200 OK", body: new.signature)
            } else {
                let count = asked.withLock { count in
                    count += 1
                    return count
                }
                try await reply.send(status: "200 OK", body: count <= torn ? old.manifest : new.manifest)
            }
        }
    }

    private func verify(_ pairs: Pairs, _ manifest: String) async throws -> Ended {
        let options = ["verify", manifest, pairs.root + "/data.bin"]
        return try await pairs.scene.run(.secure, options + pairs.scene.acceptance(), by: .reader)
    }

    @Test func `A torn pair from a server is asked for again before anybody cries forgery`() async throws {
        let pairs = try await pairs()
        let server = try await server(pairs, torn: 3)
        let ended = try await verify(pairs, server.url + "manifests/data.bin.json")
        #expect(ended.code == 0, "\(ended.errors)")
        #expect(server.requests.count == 8)
        #expect(server.requests.allSatisfy { $0["cache-control"] == "no-cache" })
    }

    @Test func `A worker serves the pair before until both of a new one are there`() async throws {
        let pairs = try await pairs()
        try Files.write(pairs.old.manifest, to: pairs.path)
        try Files.write(pairs.old.signature, to: pairs.path + ".minisig")
        let worker = try await pairs.scene.worker(root: pairs.root)
        func served(_ suffix: String = "") async throws -> [UInt8] {
            let url = worker.url + "manifests/data.bin.json" + suffix
            let curl = ["-sS", "--cacert", pairs.scene.certificates.authority, url]
            return try await pairs.scene.run(.system("curl"), curl, by: .stranger).output
        }
        #expect(try await served() == pairs.old.manifest)
        // As fdl-sign does it: the signature gets its name first. It may be killed here.
        try Files.write(pairs.new.signature, to: pairs.path + ".minisig")
        #expect(try await served(".minisig") == pairs.old.signature)
        #expect(try await served() == pairs.old.manifest)
        try Files.write(pairs.new.manifest, to: pairs.path)
        #expect(try await served() == pairs.new.manifest)
        #expect(try await served(".minisig") == pairs.new.signature)
    }

    @Test func `A pair that never matches is refused as a forgery`() async throws {
        let pairs = try await pairs()
        let server = try await server(pairs, torn: .max)
        let ended = try await verify(pairs, server.url + "manifests/data.bin.json")
        try ended.failed(65, saying: "does not match the manifest")
        #expect(server.requests.count == 12)
    }

    @Test func `Files that never match are refused as a forgery by reader and publisher`() async throws {
        let pairs = try await pairs()
        try Files.write(pairs.old.manifest, to: pairs.path)
        try await verify(pairs, pairs.path).failed(65, saying: "does not match the manifest")
        let options = ["verify", pairs.path, "--publisher-key", try await pairs.scene.publisherKey()]
        try await pairs.scene.run(.sign, options, by: .publisher).failed(65, saying: "does not match the manifest")
    }
}
