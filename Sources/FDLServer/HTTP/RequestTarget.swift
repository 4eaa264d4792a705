import FDLCore

/// What a request asks for: a path of the tree, or a path that the tree does not have.
struct RequestTarget: Equatable {
    /// Nil if the tree has no such path, or what is there may not be served.
    let path: TreePath?

    /// Reads the request target of RFC 9112 section 3.2, origin-form or absolute-form. A query is ignored.
    /// - Returns: nil if it is malformed: neither form, a bad percent escape, or not UTF-8.
    init?(_ target: String) {
        var target = target
        let read = target.withUTF8 { target -> RequestTarget? in
            guard let path = Self.path(target) else { return nil }
            guard path.contains(UInt8(ascii: "%")) else { return RequestTarget(servable: TreePath(utf8: path)) }
            return TreePath.percentDecoded(utf8: path).map { RequestTarget(servable: TreePath($0)) }
        }
        guard let read else { return nil }
        self = read
    }

    private init(servable path: TreePath?) {
        if case .file(let path) = path, !Self.isServable(path) { self.path = nil } else { self.path = path }
    }

    /// Whether a path below the root may be served at all: every part is a name, none is hidden or an unfinished
    /// download.
    static func isServable(_ path: String) -> Bool {
        var path = path
        let areNames = path.withUTF8 { path in
            var start = 0
            for index in 0...path.count {
                if index < path.count {
                    if path[index] == 0 { return false }
                    guard path[index] == UInt8(ascii: "/") else { continue }
                }
                guard index > start, index - start <= SafePath.maximumPartBytes, path[start] != UInt8(ascii: ".") else {
                    return false
                }
                start = index + 1
            }
            return true
        }
        return areNames && !FileNames.isPartial(path)
    }

    /// The path of a target, still percent-encoded.
    private static func path(_ target: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8>? {
        var start = 0
        if target.first != UInt8(ascii: "/") {
            guard let authority = endOfScheme(target), authority > "://".utf8.count else { return nil }
            let rest = target[authority...]
            guard let end = rest.firstIndex(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }),
                rest[end] == UInt8(ascii: "/")
            else { return frontPage }
            start = end
        }
        let path = target[start...].prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        return UnsafeBufferPointer(rebasing: path)
    }

    /// The index behind the first `://`.
    private static func endOfScheme(_ target: UnsafeBufferPointer<UInt8>) -> Int? {
        guard target.count >= 3 else { return nil }
        return (3...target.count).first { target[($0 - 3)..<$0].elementsEqual("://".utf8) }
    }

    /// `/`, which lives as long as the program.
    private static var frontPage: UnsafeBufferPointer<UInt8> {
        let path: StaticString = "/"
        return UnsafeBufferPointer(start: path.utf8Start, count: 1)
    }
}
