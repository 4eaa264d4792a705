import FDLCore
import FDLCrypto
import FoundationEssentials
import Testing

@testable import FDLPublishing

@Suite("A registry's artifact") struct RegistryArtifactTests {
    private struct Document: Decodable {
        struct Part: Decodable {
            let mediaType: String
            let digest: String
            let size: Int
            let artifactType: String?
            let annotations: [String: String]?
        }

        let schemaVersion: Int
        let mediaType: String
        let artifactType: String
        let config: Part?
        let layers: [Part]?
        let manifests: [Part]?
        let annotations: [String: String]
    }

    private func artifact(_ name: String = "big.iso", chunks: Int, limit: Int = 4 << 20) throws -> RegistryArtifact {
        let manifest = RegistryArtifact.Layer(
            type: RegistryArtifact.manifestType,
            digest: SHA256Digest(hashing: [1]),
            size: 1,
            title: "big.iso.json"
        )
        let layers = (0..<chunks).map { number in
            RegistryArtifact.Layer(
                type: RegistryArtifact.chunkType,
                digest: SHA256Digest(hashing: Array("\(number)".utf8)),
                size: 65_536
            )
        }
        let name = try #require(ManifestName(name))
        return RegistryArtifact(name, version: 7, layers: [manifest] + layers, limit: limit)
    }

    private func read(_ document: RegistryArtifact.Document) throws -> Document {
        try JSONDecoder().decode(Document.self, from: Data(document.bytes))
    }

    @Test func `One document names everything`() throws {
        let documents = try artifact(chunks: 3).documents
        #expect(documents.count == 1)
        #expect(documents[0].tags == ["big.iso-7", "big.iso"])
        #expect(documents[0].type == "application/vnd.oci.image.manifest.v1+json")
        let read = try read(documents[0])
        #expect(read.schemaVersion == 2)
        #expect(read.mediaType == documents[0].type)
        #expect(read.artifactType == "application/vnd.fdl.artifact.v1")
        // The empty configuration, as the image specification gives it.
        #expect(read.config?.mediaType == "application/vnd.oci.empty.v1+json")
        #expect(read.config?.digest == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a")
        #expect(read.config?.size == 2)
        #expect(read.layers?.map(\.size) == [1, 65_536, 65_536, 65_536])
        #expect(read.layers?.first?.annotations == ["org.opencontainers.image.title": "big.iso.json"])
        #expect(read.annotations["org.opencontainers.image.version"] == "7")
        #expect(RegistryArtifact.version(in: documents[0].bytes) == 7)
    }

    @Test func `What is too long for one document is several, and an index`() throws {
        let artifact = try artifact(chunks: 1_000, limit: 64 << 10)
        let documents = artifact.documents
        #expect(documents.count == 4)
        #expect(documents.allSatisfy { $0.bytes.count <= 64 << 10 })
        let parts = try documents.dropLast().map(read)
        #expect(parts.flatMap { $0.layers ?? [] }.count == 1_001)
        #expect(Set(parts.flatMap { $0.layers ?? [] }.map(\.digest)).count == 1_001)
        let index = try read(documents[3])
        #expect(index.mediaType == "application/vnd.oci.image.index.v1+json")
        #expect(index.manifests?.map(\.digest) == documents.dropLast().map { "sha256:\($0.digest)" })
        #expect(index.manifests?.map(\.size) == documents.dropLast().map(\.bytes.count))
        #expect(documents.flatMap(\.tags) == (1...3).map { "big.iso-7.part\($0)" } + ["big.iso-7", "big.iso"])
        #expect(RegistryArtifact.version(in: documents[3].bytes) == 7)
    }

    @Test func `As many chunks as a manifest may have`() throws {
        let documents = try artifact(chunks: 100_000).documents
        #expect(documents.count > 2)
        #expect(documents.allSatisfy { $0.bytes.count <= 4 << 20 })
    }

    @Test(
        arguments: [
            ("a", "a"), (".a", "_.a"), ("-a", "_-a"), ("_a", "_a"),
            (String(repeating: "x", count: 128), String(repeating: "x", count: 128)),
        ]
    )
    func `Tags`(name: String, tag: String) throws {
        let tags = try artifact(name, chunks: 1).documents[0].tags
        #expect(tags[1] == tag)
        #expect(tags[0] == tag.prefix(126) + "-7")
        #expect(tags.allSatisfy { $0.utf8.count <= 128 })
    }

    @Test(
        arguments: [
            "", "{}", "[]", "{\"annotations\":{\"org.opencontainers.image.version\":\"7\"}}",
            "{\"artifactType\":\"application/vnd.fdl.artifact.v1\"}",
            "{\"artifactType\":\"application/vnd.fdl.artifact.v1\",\"annotations\":{\"org.opencontainers.image.version\":7}}",
            "{\"artifactType\":\"other\",\"annotations\":{\"org.opencontainers.image.version\":\"7\"}}",
        ]
    )
    func `What is no artifact of ours has no version`(text: String) {
        #expect(RegistryArtifact.version(in: Array(text.utf8)) == nil)
    }
}
