/// Names that some file system cannot hold.
///
/// Those of Windows (exFAT, NTFS) refuse some punctuation, a dot or a space at the end, and the names of its devices; a
/// mount with a character set of its own refuses what is not in that; eCryptfs what is longer than 143 bytes.
package enum UnusualNames {
    /// Paths whose last part is unusual, files or directories on the way to them: one example of each kind. What holds
    /// for one name holds for the others of its kind.
    /// - Returns: in the order of `paths`.
    package static func examples(in paths: some Sequence<String>) -> [String] {
        var known: Ways = []
        var examples: [String] = []
        for path in paths {
            for part in path.utf8.split(separator: UInt8(ascii: "/")) {
                let ways = Ways(of: part)
                guard !known.isSuperset(of: ways) else { continue }
                known.formUnion(ways)
                examples.append(String(path[..<part.endIndex]))
            }
        }
        return examples
    }

    private struct Ways: OptionSet {
        let rawValue: UInt16

        static let beyondASCII = Ways(rawValue: 1 << 8)
        /// Two units of UTF-16.
        static let beyondPlane = Ways(rawValue: 1 << 9)
        static let dotAtEnd = Ways(rawValue: 1 << 10)
        static let spaceAtEnd = Ways(rawValue: 1 << 11)
        static let device = Ways(rawValue: 1 << 12)
        static let long = Ways(rawValue: 1 << 13)

        init(rawValue: UInt16) { self.rawValue = rawValue }

        init(of name: Substring.UTF8View) {
            self = name.count > 143 ? .long : []
            for byte in name {
                switch byte {
                case 0xf0...: formUnion([.beyondASCII, .beyondPlane])
                case 0x80...: formUnion(.beyondASCII)
                default:
                    guard let mark = Self.punctuation.firstIndex(of: byte) else { continue }
                    formUnion(Ways(rawValue: 1 << UInt16(mark)))
                }
            }
            if name.last == UInt8(ascii: ".") { formUnion(.dotAtEnd) }
            if name.last == UInt8(ascii: " ") { formUnion(.spaceAtEnd) }
            if Self.isDevice(name) { formUnion(.device) }
        }

        private static let punctuation = Array("<>:\"|?*".utf8)

        /// CON, NUL, COM1 and their like, in any case, with an ending or without.
        private static func isDevice(_ name: Substring.UTF8View) -> Bool {
            let stem = name.prefix { $0 != UInt8(ascii: ".") }
            guard stem.count == 3 || stem.count == 4 else { return false }
            let word = String(decoding: stem, as: UTF8.self).uppercased()
            if ["CON", "PRN", "AUX", "NUL"].contains(word) { return true }
            return ["COM", "LPT"].contains(word.dropLast()) && word.last?.isNumber == true
        }
    }
}
