package import FDLCore
import FDLCrypto

/// What a tree keeps of one publishing, below `.fdl`: the manifest, and which of its chunks belong there. Pruning needs
/// it, since a tree shows only the newest version of each name.
package struct PublishedVersion: Sendable {
    private static let format = "fdl-published-v1"

    package let manifest: Manifest
    package let bytes: [UInt8]
    /// How the chunks were spread; nil if all of them belong here.
    package let share: Share?
    /// Whether the whole files lie in the tree.
    package let hasFiles: Bool
    /// Whether chunks that shrink have their compressed form beside them.
    package let isCompressed: Bool
    /// When another took its place, in seconds since 1970; nil for what is published now.
    package var superseded: Int64?

    /// One of several directories.
    package struct Share: Sendable, Hashable {
        package let placement: FragmentPlacement
        /// Which of the placement's directories this one is.
        package let directory: Int

        package init(placement: FragmentPlacement, directory: Int) {
            self.placement = placement
            self.directory = directory
        }
    }

    package init(_ manifest: Manifest, _ bytes: [UInt8], share: Share?, hasFiles: Bool, isCompressed: Bool) {
        self.manifest = manifest
        self.bytes = bytes
        self.share = share
        self.hasFiles = hasFiles
        self.isCompressed = isCompressed
    }

    /// Whether a chunk of the manifest belongs to the tree.
    package func wants(_ digest: SHA256Digest) -> Bool {
        guard let share else { return true }
        return share.placement.holders(of: digest).contains(share.directory)
    }

    /// Where its files lie in the tree, relative to it.
    package var filePaths: [String] {
        let prefix = TreePath.files(of: manifest)
        return hasFiles ? manifest.files.map { prefix + $0.path.string } : []
    }

    /// What the file is called that it is kept in: the same for the same publishing.
    package var fileName: String {
        let digest = SHA256Digest(hashing: header(withTime: false) + bytes)
        return "\(manifest.name)-\(manifest.version)-\(digest.hex.prefix(16))"
    }

    // MARK: Its text: a line a member, an empty one, and the manifest's bytes

    package var encoded: [UInt8] { header(withTime: true) + bytes }

    private func header(withTime: Bool) -> [UInt8] {
        var lines = [Self.format, "files \(hasFiles)", "compressed \(isCompressed)"]
        if let share {
            lines += share.placement.urls.map { "server \($0)" }
            lines += ["replicas \(share.placement.replicas)", "own \(share.directory)"]
        }
        if withTime, let superseded { lines.append("superseded \(superseded)") }
        return Array((lines.joined(separator: "\n") + "\n\n").utf8)
    }

    /// - Returns: nil for what is no such text.
    package init?(parsing text: [UInt8]) {
        guard let end = text.firstRange(of: [0x0a, 0x0a]) else { return nil }
        let bytes = Array(text[end.upperBound...])
        let lines = String(decoding: text[..<end.lowerBound], as: UTF8.self).split(separator: "\n")
        guard lines.first == Self.format[...], let manifest = try? Manifest(parsing: bytes) else { return nil }
        var members: [Substring: [Substring]] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: " ", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            members[parts[0], default: []].append(parts[1])
        }
        let urls = (members["server"] ?? []).compactMap { try? SourceURL(String($0)) }
        guard urls.count == members["server"]?.count ?? 0 else { return nil }
        var share: Share?
        if !urls.isEmpty {
            guard let replicas = members["replicas"]?.first.flatMap({ Int($0) }), (1...urls.count).contains(replicas),
                let own = members["own"]?.first.flatMap({ Int($0) }), urls.indices.contains(own)
            else { return nil }
            share = Share(placement: FragmentPlacement(urls: urls, replicas: replicas), directory: own)
        }
        self.init(
            manifest,
            bytes,
            share: share,
            hasFiles: members["files"]?.first == "true",
            isCompressed: members["compressed"]?.first == "true"
        )
        superseded = members["superseded"]?.first.flatMap { Int64($0) }
    }
}
