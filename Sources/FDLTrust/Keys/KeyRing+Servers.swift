package import FDLCore
import FDLSystem

// Where a pinned publisher's statements can be asked for without being told: the trees that have given one of them, or a
// manifest that the publisher had signed. In the state directory: `publishers/ANCHOR/servers`, a URL a line, without any
// query, which may be secret.
//
// It is a convenience: what cannot be read or kept is as if nothing had been noted.
extension KeyRing {
    /// How many are kept of one publisher: those noted last.
    package static let maximumServers = 8

    /// - Parameter anchor: the SHA-256 of the publisher's pinned statement.
    /// - Returns: the one noted last first.
    package func servers(of anchor: SHA256Digest) -> [SourceURL] {
        guard let path = try? serversPath(anchor), let bytes = try? WholeFile.read(path, limit: 64 << 10) else {
            return []
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        return Array(lines.compactMap { try? SourceURL(String($0)) }.prefix(Self.maximumServers))
    }

    /// Notes that a tree has given what the publisher signed.
    package func note(server: SourceURL, of anchor: SHA256Digest) {
        let known = servers(of: anchor)
        // Written when something is new, not at each run.
        guard !known.contains(where: { $0.isSameSource(as: server) }), let path = try? serversPath(anchor) else {
            return
        }
        let kept = ([server] + known).prefix(Self.maximumServers).map { "\($0)\n" }.joined()
        try? Directory.create(Directory.containing(path), mode: 0o700)
        try? WholeFile.replace(path, with: Array(kept.utf8), mode: 0o600)
    }

    private func serversPath(_ anchor: SHA256Digest) throws(UserDirectoryError) -> String {
        "\(try statements(of: anchor).path)/servers"
    }
}
