import FDLCore

/// The paths of a manifest as the tree that they make, compared byte for byte: two names that Unicode calls equivalent
/// are two files on Linux.
struct ListedTree: Sendable {
    private let paths: [String]
    /// Indices of `paths`, sorted by their bytes: what lies in one directory stands together.
    private let order: [Int]

    /// One name in a directory.
    struct Child: Sendable {
        let name: String
        let kind: Kind

        enum Kind: Sendable {
            /// By its number in the manifest.
            case file(Int)
            case folder(Folder)
        }

        var isFolder: Bool { if case .folder = kind { true } else { false } }
    }

    /// A directory: its part of the sorted paths.
    struct Folder: Sendable {
        /// Relative to the root; empty for the root itself.
        let path: String
        fileprivate let range: Range<Int>

        func joined(_ name: String) -> String { path.isEmpty ? name : "\(path)/\(name)" }
    }

    init(_ manifest: Manifest) {
        let paths = manifest.files.map(\.path.string)
        self.paths = paths
        order = paths.indices.sorted { paths[$0].utf8.lexicographicallyPrecedes(paths[$1].utf8) }
    }

    var root: Folder { Folder(path: "", range: order.indices) }

    /// What a directory holds, sorted by the bytes of the names.
    func children(of folder: Folder) -> [Child] {
        let start = folder.path.isEmpty ? 0 : folder.path.utf8.count + 1
        var children: [Child] = []
        var next = folder.range.lowerBound
        while next < folder.range.upperBound {
            let path = paths[order[next]].utf8
            let rest = path.dropFirst(start)
            guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else {
                children.append(Child(name: String(decoding: rest, as: UTF8.self), kind: .file(order[next])))
                next += 1
                continue
            }
            let prefix = path[...slash]
            var end = next + 1
            while end < folder.range.upperBound, paths[order[end]].utf8.starts(with: prefix) { end += 1 }
            let inner = Folder(path: String(decoding: path[..<slash], as: UTF8.self), range: next..<end)
            children.append(Child(name: String(decoding: rest[..<slash], as: UTF8.self), kind: .folder(inner)))
            next = end
        }
        return children.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// All directories that the files lie in, those within others first; the root is not among them.
    func folders() -> [Folder] {
        var result: [Folder] = []
        var pending = [root]
        while let folder = pending.popLast() {
            for case .folder(let inner) in children(of: folder).map(\.kind) {
                result.append(inner)
                pending.append(inner)
            }
        }
        return result.reversed()
    }
}
