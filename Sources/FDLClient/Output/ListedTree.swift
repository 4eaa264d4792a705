import FDLCore

/// The paths of a manifest as a tree. Names are compared byte for byte, because names that are equivalent in Unicode
/// are different files on Linux.
struct ListedTree: Sendable {
    private let files: [Manifest.File]
    /// Indices of `files`, in the order of a walk through the tree. The entries of each directory are neighbours,
    /// sorted by name, so that a folder of hundreds of thousands of files needs no list of its own.
    private let order: [Int32]

    /// One name in a directory.
    struct Child: Sendable {
        let name: String
        let kind: Kind
        /// The position of its first path among the paths of its directory, counted from 0.
        let place: Int

        enum Kind: Sendable {
            /// A file, by its number in the manifest.
            case file(Int)
            case folder(Folder)
        }

        var isFolder: Bool { if case .folder = kind { true } else { false } }
    }

    /// A directory: a range of the sorted paths.
    struct Folder: Sendable {
        /// Relative to the root; empty for the root itself.
        let path: String
        fileprivate let range: Range<Int>

        /// How many listed files are in it and below it.
        var fileCount: Int { range.count }

        /// The path of an entry of this directory.
        func joined(_ name: String) -> String { path.isEmpty ? name : "\(path)/\(name)" }
    }

    init(_ manifest: Manifest) {
        files = manifest.files
        order = manifest.walkOrder
    }

    var root: Folder { Folder(path: "", range: order.indices) }

    /// The entries of a directory, sorted by the bytes of their names.
    func children(of folder: Folder) -> some Sequence<Child> {
        sequence(state: folder.range.lowerBound) { next -> Child? in
            guard next < folder.range.upperBound else { return nil }
            let (child, end) = child(at: next, in: folder)
            next = end
            return child
        }
    }

    /// The entry with exactly this name, byte for byte; nil if there is none.
    func child(named name: [UInt8], in folder: Folder) -> Child? {
        var (low, high) = (folder.range.lowerBound, folder.range.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if self.name(middle, in: folder).lexicographicallyPrecedes(name) { low = middle + 1 } else { high = middle }
        }
        guard low < folder.range.upperBound, self.name(low, in: folder).elementsEqual(name) else { return nil }
        return child(at: low, in: folder).child
    }

    /// All directories below the root, each after the directories that it contains.
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

    /// The part of a path that follows the directory's path.
    private func rest(_ place: Int, in folder: Folder) -> Substring.UTF8View {
        files[Int(order[place])].path.string.utf8.dropFirst(folder.path.isEmpty ? 0 : folder.path.utf8.count + 1)
    }

    private func name(_ place: Int, in folder: Folder) -> Substring.UTF8View {
        rest(place, in: folder).prefix { $0 != UInt8(ascii: "/") }
    }

    /// - Returns: the entry whose first path is at `place`, and the place after its last path.
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
