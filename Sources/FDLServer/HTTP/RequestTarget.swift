import FDLCore

/// What a request asks for: a path of the tree, or a path that the tree does not have.
struct RequestTarget: Equatable {
    /// Nil if the tree has no such path, or what is there may not be served.
    let path: TreePath?

    /// Reads the request target of RFC 9112 section 3.2, origin-form or absolute-form. A query is ignored.
    /// - Returns: nil if it is malformed: neither form, a bad percent escape, or not UTF-8.
    init?(_ target: String) {
        guard let path = Self.path(target), let decoded = TreePath.percentDecoded(path) else { return nil }
        switch TreePath(decoded) {
        case .file(let path) where !Self.isServable(path): self.path = nil
        case let path: self.path = path
        }
    }

    /// Whether a path below the root may be served at all: every part is a name, none is hidden or an unfinished
    /// download, and the last is not a private key.
    static func isServable(_ path: some StringProtocol) -> Bool {
        let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let areNames = parts.allSatisfy { part in
            !part.isEmpty && part.first != UInt8(ascii: ".") && part.count <= 255
        }
        return areNames && !path.utf8.contains(0) && !isNeverServed(path)
    }

    /// Whether a path is, by its name, a private key, an unfinished download or a part of one.
    static func isNeverServed(_ path: some StringProtocol) -> Bool {
        FileNames.isSecretKey(path) || FileNames.isPartial(path)
    }

    private static func path(_ target: String) -> Substring? {
        var rest = target[...]
        if !rest.hasPrefix("/") {
            guard let scheme = rest.firstRange(of: "://"), scheme.lowerBound != rest.startIndex else { return nil }
            rest = rest[scheme.upperBound...]
            guard let slash = rest.firstIndex(where: { $0 == "/" || $0 == "?" }) else { return "/" }
            rest = rest[slash...]
            if rest.hasPrefix("?") { return "/" }
        }
        return rest.prefix { $0 != "?" && $0 != "#" }
    }
}
