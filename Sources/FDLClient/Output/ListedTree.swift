import FDLCore

/// The paths of a manifest as the tree that they make, compared byte for byte: two names that Unicode calls equivalent
/// are two files on Linux.
struct ListedTree: Sendable {
    private let files: [Manifest.File]
    /// Indices of `files`, sorted by the bytes of their paths: what lies in one directory stands together.
    private let order: [Int32]

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
        let files = manifest.files
        self.files = files
        // A manifest lists 2^20 chunks at most, and a reader takes no text that has room for so many more files.
        order = files.indices.map(Int32.init).sorted { left, right in
            files[Int(left)].path.string.utf8.lexicographicallyPrecedes(files[Int(right)].path.string.utf8)
        }
    }

    var root: Folder { Folder(path: "", range: order.indices) }

    /// The path that is the next in order.
    private func path(_ place: Int) -> String.UTF8View { files[Int(order[place])].path.string.utf8 }

    /// What a directory holds, sorted by the bytes of the names.
    func children(of folder: Folder) -> [Child] {
        let start = folder.path.isEmpty ? 0 : folder.path.utf8.count + 1
        var children: [Child] = []
        var next = folder.range.lowerBound
        while next < folder.range.upperBound {
            let path = path(next)
            let rest = path.dropFirst(start)
            guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else {
                children.append(Child(name: String(decoding: rest, as: UTF8.self), kind: .file(Int(order[next]))))
                next += 1
                continue
            }
            let prefix = path[...slash]
            var end = next + 1
            while end < folder.range.upperBound, self.path(end).starts(with: prefix) { end += 1 }
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
