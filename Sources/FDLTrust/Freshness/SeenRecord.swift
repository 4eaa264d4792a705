package import FDLCore
package import FDLCrypto

/// What was seen of one name: for each key, the highest version that it signed, and the SHA-256 of that manifest.
///
/// By key, so that the versions of a key that its publisher removes can be forgotten and those of the others stay.
package struct SeenRecord: Sendable, Hashable {
    package struct Entry: Sendable, Hashable {
        package let version: Int64
        /// Of the manifest's exact bytes.
        package let digest: SHA256Digest
        /// The 32 bytes of the key.
        package let key: [UInt8]

        package init(version: Int64, digest: SHA256Digest, key: [UInt8]) {
            self.version = version
            self.digest = digest
            self.key = key
        }
    }

    /// More than any record has: a line is 150 bytes, and a publisher has 64 keys.
    static let maximumBytes = 64 << 10

    package private(set) var entries: [Entry] = []

    package init() {}

    /// Reads what `encoded` writes.
    /// - Returns: nil for anything else.
    package init?(parsing bytes: [UInt8]) {
        guard bytes.last == UInt8(ascii: "\n"), let text = String(validating: bytes, as: UTF8.self) else { return nil }
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            guard words.count == 3, let version = Int64(words[0]), Manifest.allowedVersions.contains(version),
                String(version) == words[0], let digest = SHA256Digest(hex: words[1]),
                let key = SHA256Digest(hex: words[2])
            else { return nil }
            entries.append(Entry(version: version, digest: digest, key: key.bytes))
        }
    }

    package var encoded: [UInt8] {
        Array(entries.map { "\($0.version) \($0.digest.hex) \(Hex.string($0.key))\n" }.joined().utf8)
    }

    /// Notes a version. One that is not higher than noted for a key changes nothing for that key.
    package mutating func note(_ version: Int64, _ digest: SHA256Digest, by keys: [PublicKey]) {
        for key in keys {
            let entry = Entry(version: version, digest: digest, key: key.bytes)
            if let index = entries.firstIndex(where: { $0.key == key.bytes }) {
                if entries[index].version < version { entries[index] = entry }
            } else {
                entries.append(entry)
            }
        }
    }

    /// The highest version that a key which still counts has signed.
    package func highest(of name: ManifestName, for publisher: AcceptedPublisher) -> Entry? {
        entries.filter { entry in
            publisher.keys.contains { $0.key.bytes == entry.key && $0.counts(for: name, version: entry.version) }
        }.max { $0.version < $1.version }
    }

    /// The two together.
    package func merged(with other: SeenRecord) -> SeenRecord {
        var all = self
        all.entries += other.entries
        return all
    }
}
