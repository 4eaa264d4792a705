import FDLCore
import FDLSystem

/// What one directory on disk has of what a manifest lists in it, and what it has besides.
///
/// Which entry is which is decided by what it is, never by its spelling alone: a file system may list `Readme` as
/// `readme`, or hold `Readme` and `README` as one file.
struct FolderCensus {
    /// A listed name and the entry that it is.
    struct Match {
        let child: ListedTree.Child
        let entry: DirectoryEntry
    }

    private let tree: ListedTree
    private let folder: ListedTree.Folder
    /// By the index of a child: whether an entry has exactly its name. Of hundreds of thousands nothing else is kept.
    private var isSpelledAlike: [Bool]
    private var respelled: [Match] = []
    /// Entries that the tree does not list, sorted by their bytes.
    private(set) var unlisted: [DirectoryEntry] = []
    /// Listed names that nothing bears.
    private(set) var absent: [ListedTree.Child] = []
    /// Listed names that the file system takes for another listed one.
    private(set) var folded: [(name: String, with: String)] = []
    /// Listed names that are there, though none of the entries could be told to be them.
    private(set) var hidden: [String] = []

    /// Begins to compare a directory with a folder of `tree`: `take` each of its entries, then `settle`.
    init(of folder: ListedTree.Folder, in tree: ListedTree) {
        self.tree = tree
        self.folder = folder
        isSpelledAlike = Array(repeating: false, count: folder.fileCount)
    }

    /// - Parameter status: what bears a name now, asked of the file system.
    mutating func take(
        _ entry: DirectoryEntry,
        status: (DirectoryEntry) throws(SystemError) -> FileStatus?
    ) throws(SystemError) {
        if let child = tree.child(named: entry.bytes, in: folder), try Self.isKind(of: child, entry, status) {
            isSpelledAlike[child.place] = true
        } else {
            unlisted.append(entry)
        }
    }

    /// Places the listed names that no entry is spelled like, after the last entry.
    /// - Parameter status: what bears a name now, asked of the file system.
    mutating func settle(status: (DirectoryEntry) throws(SystemError) -> FileStatus?) throws(SystemError) {
        unlisted.sort { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        let unmatched = tree.children(of: folder).filter { !isSpelledAlike[$0.place] }
        if !unmatched.isEmpty { try place(unmatched, status) }
    }

    /// Listed names and the entries that they are; first those that are spelled alike, sorted by the bytes of the names.
    var matches: some Sequence<Match> {
        let alike = tree.children(of: folder).lazy.filter { isSpelledAlike[$0.place] }.map { child in
            let kind: FileStatus.Kind = child.isFolder ? .directory : .regular
            return Match(child: child, entry: DirectoryEntry(bytes: Array(child.name.utf8), kind: kind))
        }
        return [AnySequence(alike), AnySequence(respelled)].joined()
    }

    private static func isKind(
        of child: ListedTree.Child,
        _ entry: DirectoryEntry,
        _ status: (DirectoryEntry) throws(SystemError) -> FileStatus?
    ) throws(SystemError) -> Bool {
        let kind = if let kind = entry.kind { kind } else { try status(entry)?.kind }
        return kind == (child.isFolder ? .directory : .regular)
    }

    /// What an entry is known by, whatever its spelling.
    private enum Key: Hashable {
        case file(FileStatus.Identity)
        case folded(String)
    }

    /// Finds the entries of those listed names that no entry is spelled like.
    private mutating func place(
        _ children: [ListedTree.Child],
        _ status: (DirectoryEntry) throws(SystemError) -> FileStatus?
    ) throws(SystemError) {
        var left: [(child: ListedTree.Child, identity: FileStatus.Identity)] = []
        for child in children {
            let found = try status(DirectoryEntry(bytes: Array(child.name.utf8), kind: nil))
            if let found, found.kind == (child.isFolder ? .directory : .regular) {
                left.append((child, found.identity))
            } else {
                absent.append(child)
            }
        }
        // The file's identity tells. But some FUSE file systems make one up for each spelling: there it is what the
        // names fold to.
        for byIdentity in [true, false] where !left.isEmpty {
            func key(_ entry: DirectoryEntry) throws(SystemError) -> Key? {
                if byIdentity { return try status(entry).map { .file($0.identity) } }
                return entry.text.map { .folded(FoldedPaths.folded($0)) }
            }
            var free: [Key: Int] = [:]
            for (index, entry) in unlisted.enumerated() {
                if let key = try key(entry), free[key] == nil { free[key] = index }
            }
            var known: [Key: String] = [:]
            for match in matches {
                if let key = try key(match.entry) { known[key] = match.child.name }
            }
            var taken: Set<Int> = []
            var unknown: [(child: ListedTree.Child, identity: FileStatus.Identity)] = []
            for (child, identity) in left {
                let key: Key = byIdentity ? .file(identity) : .folded(FoldedPaths.folded(child.name))
                if let index = free[key], try Self.isKind(of: child, unlisted[index], status) {
                    respelled.append(Match(child: child, entry: unlisted[index]))
                    taken.insert(index)
                    free[key] = nil
                    known[key] = child.name
                } else if let other = known[key] {
                    folded.append((child.name, other))
                } else {
                    unknown.append((child, identity))
                }
            }
            unlisted = unlisted.enumerated().filter { !taken.contains($0.offset) }.map(\.element)
            left = unknown
        }
        // More names than entries for them: they, or some of them, are files that other listed names have already.
        if left.count > unlisted.count {
            folded += left.map { ($0.child.name, with: "another listed name") }
        } else {
            hidden += left.map(\.child.name)
        }
    }
}

extension FolderCensus {
    /// The census of an open directory.
    init(
        of folder: ListedTree.Folder,
        in tree: ListedTree,
        lyingIn directory: borrowing Descriptor
    ) throws(SystemError) {
        self.init(of: folder, in: tree)
        try directory.forEachEntry { entry throws(SystemError) in
            try take(entry) { entry throws(SystemError) in try directory.status(of: entry) }
        }
        try settle { entry throws(SystemError) in try directory.status(of: entry) }
    }
}
