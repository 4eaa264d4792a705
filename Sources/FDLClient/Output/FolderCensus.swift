import FDLCore
import FDLSystem

/// Compares the entries of one directory on disk with what a manifest lists in it.
///
/// Entries are matched by spelling and kind first, then by file identity, then by folded name, because a file
/// system may show `Readme` as `readme`, or take `Readme` and `README` for one file.
struct FolderCensus {
    /// A listed name and the entry that matches it.
    struct Match {
        let child: ListedTree.Child
        let entry: DirectoryEntry
    }

    private let tree: ListedTree
    private let folder: ListedTree.Folder
    /// Indexed by a child's `place`: whether an entry has exactly its name. This is all that is kept for such entries,
    /// of which there may be hundreds of thousands.
    private var isSpelledAlike: [Bool]
    /// Listed names whose entries are spelled differently.
    private var respelled: [Match] = []
    /// Entries that the tree does not list, sorted by their bytes.
    private(set) var unlisted: [DirectoryEntry] = []
    /// Listed names that do not exist in the directory, or are entries of another kind.
    private(set) var absent: [ListedTree.Child] = []
    /// Listed names that the file system takes for another listed name.
    private(set) var folded: [(name: String, with: String)] = []
    /// Listed names that exist, but for which no matching entry was found.
    private(set) var hidden: [String] = []

    /// Begins a comparison. Call `take` with each entry of the directory, then `settle`.
    init(of folder: ListedTree.Folder, in tree: ListedTree) {
        self.tree = tree
        self.folder = folder
        isSpelledAlike = Array(repeating: false, count: folder.fileCount)
    }

    /// Takes one entry of the directory.
    /// - Parameter status: looks up an entry's status in the file system.
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

    /// Matches the listed names that no entry is spelled like. Call this after the last entry.
    /// - Parameter status: looks up an entry's status in the file system.
    mutating func settle(status: (DirectoryEntry) throws(SystemError) -> FileStatus?) throws(SystemError) {
        unlisted.sort { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        let unmatched = tree.children(of: folder).filter { !isSpelledAlike[$0.place] }
        if !unmatched.isEmpty { try place(unmatched, status) }
    }

    /// Listed names and their entries: first those that are spelled alike, sorted by the bytes of the names.
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

    /// What identifies an entry, whatever its spelling.
    private enum Key: Hashable {
        case file(FileStatus.Identity)
        case folded(String)
    }

    /// Finds the entries of listed names that no entry is spelled like.
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
        // First compare file identities. Some FUSE file systems invent one for each spelling, so compare the folded
        // names next.
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
        // If there are more names than entries, some of the names share a file with another listed name.
        if left.count > unlisted.count {
            folded += left.map { ($0.child.name, with: "another listed name") }
        } else {
            hidden += left.map(\.child.name)
        }
    }
}

extension FolderCensus {
    /// Compares an open directory with a folder of `tree`.
    /// - Throws: `SystemError` if the directory cannot be read.
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
