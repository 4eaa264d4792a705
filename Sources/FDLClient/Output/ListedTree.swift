import FDLCore

/// The paths of a manifest as the tree that they make, compared byte for byte: two names that Unicode calls equivalent
/// are two files on Linux.
struct ListedTree: Sendable {
    private let files: [Manifest.File]
    /// Indices of `files` in the order of a walk. What lies in one directory stands together, sorted by name: a folder
    /// with hundreds of thousands of files needs no list of its own.
    private let order: [Int32]

    /// One name in a directory.
    struct Child: Sendable {
        let name: String
        let kind: Kind
        /// The first of its paths among those of its directory, counted from 0.
        let place: Int

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

        /// Of the listed files in it and below it.
        var fileCount: Int { range.count }

        func joined(_ name: String) -> String { path.isEmpty ? name : "\(path)/\(name)" }
    }

    init(_ manifest: Manifest) {
        files = manifest.files
        order = manifest.walkOrder
    }

    var root: Folder { Folder(path: "", range: order.indices) }

    /// What a directory holds, sorted by the bytes of the names.
    func children(of folder: Folder) -> some Sequence<Child> {
        sequence(state: folder.range.lowerBound) { next -> Child? in
            guard next < folder.range.upperBound else { return nil }
            let (child, end) = child(at: next, in: folder)
            next = end
            return child
        }
    }

    /// The child of exactly this name, byte for byte.
    func child(named name: [UInt8], in folder: Folder) -> Child? {
        var (low, high) = (folder.range.lowerBound, folder.range.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if self.name(middle, in: folder).lexicographicallyPrecedes(name) { low = middle + 1 } else { high = middle }
        }
        guard low < folder.range.upperBound, self.name(low, in: folder).elementsEqual(name) else { return nil }
        return child(at: low, in: folder).child
    }

    /// All directories that the files lie in, those within others first; the root is not among them.
    func folders() -> [Folder] {
        var result: [Folder] = []
        var pending = [root]
        while let folder = pending.popLast() {
            for case .folder(let inner) in children(of: folder).lazy.map(\.kind) {
                result.append(inner)
                pending.append(inner)
            }
        }
        return result.reversed()
    }

    /// What a path has after a directory's name.
    private func rest(_ place: Int, in folder: Folder) -> Substring.UTF8View {
        files[Int(order[place])].path.string.utf8.dropFirst(folder.path.isEmpty ? 0 : folder.path.utf8.count + 1)
    }

    private func name(_ place: Int, in folder: Folder) -> Substring.UTF8View {
        rest(place, in: folder).prefix { $0 != UInt8(ascii: "/") }
    }

    /// - Returns: the child whose first path is this one, and the place after its last.
    private func child(at place: Int, in folder: Folder) -> (child: Child, end: Int) {
        let rest = rest(place, in: folder)
        let found = name(place, in: folder)
        let name = String(decoding: found, as: UTF8.self)
        let first = place - folder.range.lowerBound
        guard found.count < rest.count else {
            return (Child(name: name, kind: .file(Int(order[place])), place: first), place + 1)
        }
        let prefix = rest.prefix(found.count + 1)
        var end = place + 1
        while end < folder.range.upperBound, self.rest(end, in: folder).starts(with: prefix) { end += 1 }
        let inner = Folder(path: folder.joined(name), range: place..<end)
        return (Child(name: name, kind: .folder(inner), place: first), end)
    }
}
