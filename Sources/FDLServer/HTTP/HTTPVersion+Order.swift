import NIOHTTP1

extension HTTPVersion {
    /// Whether this is HTTP/1.1 or later: connections persist by default, and `Host` is required.
    var isAtLeast11: Bool { major > 1 || (major == 1 && minor >= 1) }
}
