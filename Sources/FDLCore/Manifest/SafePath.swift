/// A relative path with `/` between its parts that cannot leave the directory it is put under.
///
/// The one way to have one is to pass the checks, so a `SafePath` may be opened beneath a directory.
public struct SafePath: Hashable, Sendable {
    /// The longest part, in UTF-8 bytes (NAME_MAX on Linux).
    package static let maximumPartBytes = 255

    /// The longest path, in UTF-8 bytes: Linux's PATH_MAX less room for the directory it is put under.
    package static let maximumBytes = 3072

    /// The path as published.
    public let string: String

    /// - Throws: `SafePathError`, the first rule the path breaks.
    public init(_ path: String) throws(SafePathError) {
        guard !path.isEmpty else { throw .empty }
        guard path.utf8.count <= Self.maximumBytes else { throw .tooLong }
        guard path.utf8.first != UInt8(ascii: "/") else { throw .absolute }
        for scalar in path.unicodeScalars {
            if scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) { throw .controlCharacter }
            if scalar == "\\" { throw .backslash }
        }
        for part in path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            if part.isEmpty { throw .emptyPart }
            if part.elementsEqual(".".utf8) { throw .dot }
            if part.elementsEqual("..".utf8) { throw .dotDot }
            if part.count > Self.maximumPartBytes { throw .partTooLong }
            // In a directory's name as well: `x.fdl-part/y` would lie in what a download of `x` is working on.
            if let suffix = Self.reservedSuffix(of: part) { throw .reservedSuffix(suffix) }
        }
        self.string = path
    }

    /// The parts, outermost directory first. Never empty.
    package var parts: [String] { pathParts(string) }

    /// The order of a walk: by bytes, with `/` before all others, so that what a directory holds comes together where
    /// the directory's own name would.
    package func precedesInTree(_ other: SafePath) -> Bool {
        func rank(_ byte: UInt8) -> UInt8 { byte == UInt8(ascii: "/") ? 0 : byte }
        return string.utf8.lexicographicallyPrecedes(other.string.utf8) { rank($0) < rank($1) }
    }

    /// Whether some part of a path names one of our own files.
    package static func isReserved(_ path: String) -> Bool {
        path.utf8.split(separator: UInt8(ascii: "/")).contains { reservedSuffix(of: $0) != nil }
    }

    private static func reservedSuffix(of part: Substring.UTF8View) -> String? {
        FileNames.reservedSuffixes.first { part.ends(with: $0) }
    }
}

extension SafePath: CustomStringConvertible {
    public var description: String { string }
}

/// Why a path is refused.
public enum SafePathError: Error, Hashable, Sendable, CustomStringConvertible {
    case empty, absolute, emptyPart, dot, dotDot, controlCharacter, backslash, partTooLong, tooLong
    case reservedSuffix(String)

    public var description: String {
        switch self {
        case .empty: "it is empty"
        case .absolute: "it is absolute"
        case .emptyPart: "it has an empty part (// or a trailing /)"
        case .dot: "it has a part that is ."
        case .dotDot: "it has a part that is .."
        case .controlCharacter: "it has a control character"
        case .backslash: "it has a backslash"
        case .partTooLong: "it has a part of over \(SafePath.maximumPartBytes) bytes"
        case .tooLong: "it is over \(SafePath.maximumBytes) bytes long"
        case .reservedSuffix(let suffix): "it has a part that ends in \(suffix), which names fdl's own files"
        }
    }
}
