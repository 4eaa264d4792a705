import NIOHTTP1

extension HTTPVersion {
    /// Whether connections persist and a Host is due: HTTP/1.1 and what minor versions may follow it.
    var isAtLeast11: Bool { major > 1 || (major == 1 && minor >= 1) }
}
