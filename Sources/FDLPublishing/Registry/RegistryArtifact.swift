package import FDLCore
import FDLCrypto

/// What makes chunks in a registry belong together: an OCI artifact (OCI image specification) whose layers are the
/// manifest, its signatures and all chunks. A registry keeps blobs that a manifest of its own names, and removes others.
package struct RegistryArtifact: Sendable {
    /// A blob, as a manifest names it.
    package struct Layer: Sendable, Hashable {
        package let type: String
        package let digest: SHA256Digest
        package let size: Int
        /// What a tool that fetches artifacts calls the file.
        package let title: String?

        package init(type: String, digest: SHA256Digest, size: Int, title: String? = nil) {
            self.type = type
            self.digest = digest
            self.size = size
            self.title = title
        }

        fileprivate var text: String {
            let title =
                title.map { ",\"annotations\":{\"org.opencontainers.image.title\":\(JSONText.quoted($0))}" } ?? ""
            return "{\"mediaType\":\"\(type)\",\"digest\":\"sha256:\(digest)\",\"size\":\(size)\(title)}"
        }
    }

    /// A manifest of the registry's, to be put there after all that it names.
    package struct Document: Sendable, Hashable {
        package let type: String
        package let bytes: [UInt8]
        package let tags: [String]

        package var digest: SHA256Digest { SHA256Digest(hashing: bytes) }
    }

    package static let artifactType = "application/vnd.fdl.artifact.v1"
    package static let manifestType = "application/vnd.fdl.manifest.v1+json"
    package static let signatureType = "application/vnd.fdl.minisig"
    package static let documentType = "application/vnd.fdl.document.v1"
    package static let chunkType = "application/vnd.fdl.chunk.v1"
    package static let imageType = "application/vnd.oci.image.manifest.v1+json"
    package static let indexType = "application/vnd.oci.image.index.v1+json"
    /// The blob that stands where an image would have its configuration.
    package static let configuration = Array("{}".utf8)

    /// Registries refuse longer ones. In bytes.
    private static let maximumBytes = 4 << 20
    /// Beside the layers.
    private static let room = 4 << 10

    private let name: ManifestName
    private let version: Int64
    private let layers: [Layer]
    private let limit: Int

    /// - Parameters:
    ///   - layers: the manifest first.
    ///   - limit: the longest manifest of the registry's, in bytes.
    package init(_ name: ManifestName, version: Int64, layers: [Layer], limit: Int = Self.maximumBytes) {
        self.name = name
        self.version = version
        self.layers = layers
        self.limit = limit
    }

    /// One document; or if there are too many layers for one, several and then an index of them. The last one is what the
    /// tags are for. The others have tags of their own, since some registries remove what no tag names even if an index
    /// does.
    package var documents: [Document] {
        let parts = parts
        let tags = [tag("-\(version)"), tag("")]
        guard parts.count > 1 else { return [image(parts[0], tags: tags)] }
        let images = parts.enumerated().map { number, layers in
            image(layers, tags: [tag("-\(version).part\(number + 1)")])
        }
        let list = images.map { image in
            "{\"mediaType\":\"\(Self.imageType)\",\"artifactType\":\"\(Self.artifactType)\","
                + "\"digest\":\"sha256:\(image.digest)\",\"size\":\(image.bytes.count)}"
        }
        return images + [document(Self.indexType, "\"manifests\":[\(list.joined(separator: ","))]", tags: tags)]
    }

    private var parts: [[Layer]] {
        var parts: [[Layer]] = [[]]
        var bytes = Self.room
        for layer in layers {
            let more = layer.text.utf8.count + 1
            if bytes + more > limit, parts[parts.count - 1].isEmpty == false {
                parts.append([])
                bytes = Self.room
            }
            parts[parts.count - 1].append(layer)
            bytes += more
        }
        return parts
    }

    private func image(_ layers: [Layer], tags: [String]) -> Document {
        let configuration = Layer(
            type: "application/vnd.oci.empty.v1+json",
            digest: SHA256Digest(hashing: Self.configuration),
            size: Self.configuration.count
        )
        let list = layers.map(\.text).joined(separator: ",")
        return document(Self.imageType, "\"config\":\(configuration.text),\"layers\":[\(list)]", tags: tags)
    }

    private func document(_ type: String, _ members: String, tags: [String]) -> Document {
        let text =
            "{\"schemaVersion\":2,\"mediaType\":\"\(type)\",\"artifactType\":\"\(Self.artifactType)\",\(members),"
            + "\"annotations\":{\"org.opencontainers.image.title\":\(JSONText.quoted(name.string)),"
            + "\"org.opencontainers.image.version\":\"\(version)\"}}"
        return Document(type: type, bytes: Array(text.utf8), tags: tags)
    }

    // MARK: Tags

    /// The tag of the newest version.
    package static func tag(of name: ManifestName) -> String { tag(of: name, "") }

    private func tag(_ end: String) -> String { Self.tag(of: name, end) }

    /// A tag has 128 of the characters that a name has, and begins with neither a dot nor a hyphen.
    private static func tag(of name: ManifestName, _ end: String) -> String {
        let isAllowed = name.string.utf8.first.map { $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "-") } ?? false
        return (isAllowed ? name.string : "_" + name.string).prefix(128 - end.utf8.count) + end
    }

    /// The version that a document of ours says it is of.
    /// - Returns: nil for any other.
    package static func version(in bytes: [UInt8]) -> Int64? {
        bytes.withUnsafeBytes { raw in
            var type: String?
            var version: String?
            var reader = JSONReader(raw)
            reader.skipWhitespace()
            do throws(ManifestError) {
                try reader.object("the artifact") { (name, reader) throws(ManifestError) in
                    switch name {
                    case "artifactType": type = try reader.string(name)
                    case "annotations":
                        try reader.object(name) { (name, reader) throws(ManifestError) in
                            guard name == "org.opencontainers.image.version" else { return try reader.skipValue() }
                            version = try reader.string(name)
                        }
                    default: try reader.skipValue()
                    }
                }
            } catch {
                return nil
            }
            return type == artifactType ? version.flatMap { Int64($0) } : nil
        }
    }
}
