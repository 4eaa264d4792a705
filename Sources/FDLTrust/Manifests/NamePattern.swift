public import FDLCore
import Glibc

/// Which names of manifests are meant: `*` stands for any characters, `?` for one, `[ab]` for one of those (glob(7)).
public struct NamePattern: Sendable, Hashable, CustomStringConvertible {
    private let text: String

    /// - Returns: nil for what can match no name: 1 to 128 of `A-Za-z0-9._-` and `*?[]!`.
    public init?(_ text: String) {
        let isSpelled = text.utf8.allSatisfy { byte in
            ManifestName.isSpelled(String(Unicode.Scalar(byte)) + "a") || "*?[]!".utf8.contains(byte)
        }
        guard isSpelled, (1...128).contains(text.utf8.count) else { return nil }
        self.text = text
    }

    public func matches(_ name: ManifestName) -> Bool { fnmatch(text, name.string, 0) == 0 }

    public var description: String { text }
}
