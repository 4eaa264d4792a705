/// Paths that some file system takes for one although they are not.
///
/// exFAT, NTFS, APFS and ext4's folders with `+F` fold case, most of them fold the canonical forms of Unicode, and those
/// of Windows drop the dots and spaces at a name's end.
package enum FoldedPaths {
    /// The pairs of distinct paths, files or directories on the way to them, that are equal after case folding, canonical
    /// normalisation and dropping of trailing dots and spaces of each part.
    ///
    /// The two of a pair differ in their last part only: of `A/x` and `a/x` it is the directories that are told, once.
    /// Of more than two that are equal, each is told with the first.
    /// - Returns: sorted by bytes, the lesser of a pair first.
    package static func pairs(in paths: [String]) -> [(String, String)] {
        var nodes = hashed(paths)
        nodes.sort { $0.hash < $1.hash }
        var pairs: [(String, String)] = []
        var start = 0
        while start < nodes.count {
            var end = start + 1
            while end < nodes.count, nodes[end].hash == nodes[start].hash { end += 1 }
            if end - start > 1 { pairs += confirmed(nodes[start..<end], paths) }
            start = end
        }
        return pairs.sorted { left, right in
            let (one, other) = left.0.utf8.elementsEqual(right.0.utf8) ? (left.1, right.1) : (left.0, right.0)
            return one.utf8.lexicographicallyPrecedes(other.utf8)
        }
    }

    /// One file or directory: the path at `index`, or its beginning, by the hash of what it folds to.
    private struct Node {
        let hash: Int
        let index: UInt32
        let length: UInt32
    }

    /// Strings of their own would take more memory than the paths themselves: so it is hashes that are sorted.
    private static func hashed(_ paths: [String]) -> [Node] {
        var nodes: [Node] = []
        nodes.reserveCapacity(paths.count)
        var previous: [UInt8] = []
        for (index, path) in paths.enumerated() {
            var path = path
            path.withUTF8 { bytes in
                // Sorted paths have the directories they share one after the other: told once is enough.
                let shared = zip(previous, bytes).prefix { $0 == $1 }.count
                // What stands before the last part counts as it is spelled, the last part as it is folded.
                var above = Hasher()
                var start = 0
                while start < bytes.count {
                    let end = bytes[start...].firstIndex(of: UInt8(ascii: "/")) ?? bytes.count
                    let part = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[start..<end])
                    if end == bytes.count || end >= shared {
                        var hasher = above
                        hasher.combine(folded(part))
                        let node = Node(
                            hash: hasher.finalize(),
                            index: UInt32(truncatingIfNeeded: index),
                            length: UInt32(truncatingIfNeeded: end)
                        )
                        nodes.append(node)
                    }
                    above.combine(bytes: part)
                    above.combine(UInt8(ascii: "/"))
                    start = end + 1
                }
                previous.removeAll(keepingCapacity: true)
                previous.append(contentsOf: bytes)
            }
        }
        return nodes
    }

    /// The pairs among nodes of one hash, which may be equal by chance.
    private static func confirmed(_ nodes: ArraySlice<Node>, _ paths: [String]) -> [(String, String)] {
        // By bytes: two strings of Swift are equal where one is the other normalised.
        let spellings = nodes.map { Array(paths[Int($0.index)].utf8.prefix(Int($0.length))) }
            .sorted { $0.lexicographicallyPrecedes($1) }
        var pairs: [(String, String)] = []
        var firsts: [Folded: String] = [:]
        for (index, spelling) in spellings.enumerated() where index == 0 || spelling != spellings[index - 1] {
            let path = String(decoding: spelling, as: UTF8.self)
            let name = spelling.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
            let last = spelling[name...].withUnsafeBytes(folded)
            let key = Folded(directory: Array(spelling[..<name]), name: last)
            if let first = firsts[key] { pairs.append((first, path)) } else { firsts[key] = path }
        }
        return pairs
    }

    private struct Folded: Hashable {
        let directory: [UInt8]
        let name: String
    }

    /// A name, one part of a path, as it is compared: two that are one on some file system have equal ones.
    package static func folded(_ name: String) -> String {
        var name = name
        return name.withUTF8 { folded(UnsafeRawBufferPointer($0)) }
    }

    /// A part as it is compared. Equality and hash of Swift's strings do the normalising.
    private static func folded(_ part: UnsafeRawBufferPointer) -> String {
        var part = part
        while let last = part.last, last == UInt8(ascii: ".") || last == UInt8(ascii: " ") {
            part = UnsafeRawBufferPointer(rebasing: part.dropLast())
        }
        if part.allSatisfy({ $0 < 0x80 }) {
            return String(unsafeUninitializedCapacity: part.count) { buffer in
                for (index, byte) in part.enumerated() { buffer[index] = lower(byte) }
                return part.count
            }
        }
        var result = ""
        for scalar in String(decoding: part, as: UTF8.self).unicodeScalars {
            if scalar.isASCII {
                result.unicodeScalars.append(Unicode.Scalar(lower(UInt8(truncatingIfNeeded: scalar.value))))
                continue
            }
            // The Turkish dotless i is a letter of its own, though its capital is I.
            guard scalar != "\u{131}", scalar.properties.changesWhenCaseMapped else {
                result.unicodeScalars.append(scalar)
                continue
            }
            // The standard library has no case folding, but this comes to the same: capital sharp s becomes ss by way of
            // its small form, the Kelvin sign k, and the three small sigmas of Greek one.
            for small in scalar.properties.lowercaseMapping.unicodeScalars {
                for capital in small.properties.uppercaseMapping.unicodeScalars {
                    result += capital.properties.lowercaseMapping
                }
            }
        }
        return result
    }

    private static func lower(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
