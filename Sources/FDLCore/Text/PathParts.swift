// Paths are bytes to the operating system. A `Character` is not: `/` with a combining mark after it is one, and no
// slash. So paths are taken apart here, by their UTF-8, and nowhere else.

/// The parts between the slashes of a path; empty ones are left out.
package func pathParts(_ path: String) -> [String] {
    path.utf8.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) }
}

/// Splits a path at its last slash.
/// - Returns: what stands before the slash (empty if the path begins with it, nil if there is none) and what
///   follows it.
package func splitLast(_ path: String) -> (directory: String?, name: String) {
    let bytes = path.utf8
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return (nil, path) }
    return (
        String(decoding: bytes[..<slash], as: UTF8.self),
        String(decoding: bytes[bytes.index(after: slash)...], as: UTF8.self)
    )
}

/// A path without the slashes at its end; a path of slashes alone keeps one.
package func withoutTrailingSlashes(_ path: String) -> String {
    var bytes = path.utf8[...]
    while bytes.count > 1, bytes.last == UInt8(ascii: "/") { bytes = bytes.dropLast() }
    return String(decoding: bytes, as: UTF8.self)
}

extension BidirectionalCollection<UInt8> {
    /// Whether a name ends in these very bytes.
    package func ends(with suffix: String) -> Bool { reversed().starts(with: suffix.utf8.reversed()) }
}
