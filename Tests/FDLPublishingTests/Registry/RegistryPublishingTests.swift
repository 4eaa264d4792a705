import FDLCore
import FDLCrypto
import FDLTrust
import Synchronization
import TestSupport
import Testing

@testable import FDLPublishing

/// A registry in memory, which notes what it is asked, in order.
private final class MemoryRegistry: RegistryTransport {
    struct State {
        var blobs: [String: [UInt8]] = [:]
        var tags: [String: [UInt8]] = [:]
        var asked: [String] = []
        /// Answers given before it does its work, the last one first.
        var moods: [RegistryResponse] = []
    }

    let repository: Repository
    let state: Mutex<State>

    init(_ state: sending State = State()) throws {
        repository = try Repository("oci://r.example/a")
        self.state = Mutex(state)
    }

    func send(_ request: RegistryRequest) async throws(SourceError) -> RegistryResponse {
        state.withLock { state in
            let path = request.target.pathAndQuery.replacing("/v2/a/", with: "")
            state.asked.append("\(request.method.rawValue) \(path)")
            if let mood = state.moods.popLast() { return mood }
            func answer(_ status: Int, _ location: String? = nil, _ body: [UInt8] = []) -> RegistryResponse {
                RegistryResponse(status: status, location: location, body: body)
            }
            let name = String(path.split(separator: "/").last ?? "")
            switch request.method {
            case .head: return answer(state.blobs[name] == nil ? 404 : 200)
            case .get: return state.tags[name].map { answer(200, nil, $0) } ?? answer(404)
            case .post: return answer(202, "/v2/a/blobs/uploads/1?_state=x")
            case .put where path.hasPrefix("manifests/"):
                state.tags[name] = request.body
                return answer(201)
            case .put:
                let digest = SHA256Digest(hashing: request.body)
                guard path == "blobs/uploads/1?_state=x&digest=sha256%3A\(digest)" else { return answer(400) }
                state.blobs["sha256:\(digest)"] = request.body
                return answer(201)
            }
        }
    }
}

@Suite("Publishing into a registry") struct RegistryPublishingTests {
    private let folder: TemporaryFolder
    private let bytes = noise(5 * 65_536 + 7, seed: 9) + noise(65_536, seed: 9)
    private let manifest: Manifest

    init() throws {
        folder = try TemporaryFolder()
        try Files.write(bytes, to: folder.path + "/a")
        manifest = try Manifest.sample([("a", bytes)])
    }

    private func publish(into registry: MemoryRegistry) async throws(RegistryPublishingError)
        -> RegistryPublishing.Summary
    {
        let source: PublishingSource
        do throws(TreeError) {
            source = try PublishingSource(of: manifest, beside: folder.path + "/a.manifest.json", given: nil)
        } catch {
            throw .local(error)
        }
        let signed = SignedBytes(manifest: manifest.encoded(), signature: Array("signature".utf8), origin: "a")
        let others = [("a.json.0123456789ABCDEF.minisig", Array("other".utf8)), ("a.fresh.json", Array("fresh".utf8))]
        return try await RegistryPublishing(
            manifest,
            signed,
            others.map { (name: $0.0, bytes: $0.1) },
            from: source,
            through: registry
        ).run(progress: nil)
    }

    @Test func `All blobs, then the artifact, then the tags; and again nothing but the tags`() async throws {
        let registry = try MemoryRegistry()
        let summary = try await publish(into: registry)
        let distinct = Set(manifest.digests)
        #expect(summary.chunks == distinct.count)
        #expect(summary.newChunks == distinct.count)
        #expect(summary.tags == ["\(manifest.name)-\(manifest.version)", "\(manifest.name)"])
        let (blobs, tags, asked) = registry.state.withLock { ($0.blobs, $0.tags, $0.asked) }
        for digest in distinct { #expect(blobs["sha256:\(digest)"] != nil) }
        // Manifest, three further documents, the configuration.
        #expect(blobs.count == distinct.count + 5)
        #expect(tags.count == 2)
        let end = asked.suffix(2)
        #expect(end.allSatisfy { $0.hasPrefix("PUT manifests/") })
        #expect(end.last == "PUT manifests/\(manifest.name)")
        let again = try await publish(into: registry)
        #expect(again.newChunks == 0)
        #expect(again.newBytes == 0)
        let later = registry.state.withLock { $0.asked.dropFirst(asked.count) }
        #expect(later.count { $0.hasPrefix("POST") } == 0)
        #expect(later.count { $0.hasPrefix("PUT") } == 2)
    }

    @Test func `Bytes that are not those signed end it before a tag is there`() async throws {
        var wrong = bytes
        wrong[3 * 65_536] ^= 1
        try Files.write(wrong, to: folder.path + "/a")
        let registry = try MemoryRegistry()
        let path = folder.path + "/a"
        await #expect(throws: RegistryPublishingError.local(.sourceDiffers(path: path, offset: 3 * 65_536))) {
            try await publish(into: registry)
        }
        #expect(registry.state.withLock { $0.tags.isEmpty })
    }

    @Test func `A higher version is not replaced by a lower one`() async throws {
        let higher = RegistryArtifact(manifest.name, version: manifest.version + 1, layers: []).documents[0].bytes
        let registry = try MemoryRegistry(.init(tags: ["\(manifest.name)": higher]))
        let repository = registry.repository
        let error = RegistryPublishingError.older(
            version: manifest.version,
            there: manifest.version + 1,
            repository
        )
        await #expect(throws: error) { try await publish(into: registry) }
        #expect(registry.state.withLock { $0.asked.count } == 1)
    }

    @Test func `What is busy is asked again, and what refuses is not`() async throws {
        let busy = RegistryResponse(status: 503, location: nil)
        let registry = try MemoryRegistry(.init(moods: [RegistryResponse(status: 429, location: nil), busy]))
        _ = try await publish(into: registry)
        #expect(registry.state.withLock { $0.asked.prefix(3) }.allSatisfy { $0.hasPrefix("GET manifests/") })
        let closed = try MemoryRegistry(.init(moods: [RegistryResponse(status: 403, location: nil)]))
        let repository = closed.repository
        await #expect(throws: RegistryPublishingError.registry(.forbidden(403), repository)) {
            try await publish(into: closed)
        }
        #expect(closed.state.withLock { $0.asked.count } == 1)
    }
}
