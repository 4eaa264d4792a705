package import FDLCore

/// A version inside what an input is called, such as the `1.0` of `app-1.0.iso`.
///
/// Readers count versions by name. If each release has a name of its own, nothing keeps a server from answering with one
/// of the years before.
package enum VersionInName {
    /// The name without its version.
    /// - Returns: nil if none is seen: digits with dots between them, `v` and digits, or four digits and more, after a
    ///   `-`, `_` or space.
    package static func withoutVersion(_ fileName: String) -> ManifestName? {
        let bytes = Array(fileName.utf8)
        for (index, byte) in bytes.enumerated() where "-_ ".utf8.contains(byte) && index > 0 {
            guard let length = versionLength(bytes[(index + 1)...]) else { continue }
            let rest = bytes[..<index] + bytes[(index + 1 + length)...]
            return ManifestName(from: String(decoding: rest, as: UTF8.self))
        }
        return nil
    }

    private static func versionLength(_ bytes: ArraySlice<UInt8>) -> Int? {
        let hasLetter = bytes.first.map { $0 | 0x20 == UInt8(ascii: "v") } ?? false
        var rest = bytes.dropFirst(hasLetter ? 1 : 0)
        var groups: [Int] = []
        while true {
            let digits = rest.prefix { (0x30...0x39).contains($0) }.count
            guard digits > 0 else { return nil }
            groups.append(digits)
            rest = rest.dropFirst(digits)
            guard rest.first == UInt8(ascii: "."), let next = rest.dropFirst().first, (0x30...0x39).contains(next)
            else { break }
            rest = rest.dropFirst()
        }
        guard hasLetter || groups.count > 1 || groups[0] >= 4 else { return nil }
        return bytes.count - rest.count
    }
}
