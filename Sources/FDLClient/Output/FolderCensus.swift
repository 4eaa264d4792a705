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

    private(set) var matches: [Match] = []
    /// Entries that are nobody's.
    private(set) var strangers: [DirectoryEntry] = []
    /// Listed names that nothing bears.
    private(set) var absent: [ListedTree.Child] = []
    /// Listed names that the file system takes for another listed one.
    private(set) var folded: [(name: String, with: String)] = []
    /// Listed names that are there, though none of the entries could be told to be them.
    private(set) var hidden: [String] = []

    /// - Parameters:
    ///   - children: what is listed, sorted by the bytes of the names.
    ///   - entries: what the directory has.
    ///   - status: what bears a name now, asked of the file system.
    init(
        of children: [ListedTree.Child],
        among entries: [DirectoryEntry],
        status: (DirectoryEntry) throws(SystemError) -> FileStatus?
    ) throws(SystemError) {
        var unmatched: [ListedTree.Child] = []
        let sorted = entries.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        var next = sorted.startIndex
        for child in children {
            while next < sorted.endIndex, sorted[next].bytes.lexicographicallyPrecedes(child.name.utf8) {
                strangers.append(sorted[next])
                next += 1
            }
            if next < sorted.endIndex, sorted[next].bytes.elementsEqual(child.name.utf8),
                try Self.isKind(of: child, sorted[next], status)
            {
                matches.append(Match(child: child, entry: sorted[next]))
                next += 1
            } else {
                unmatched.append(child)
            }
        }
        strangers += sorted[next...]
        if !unmatched.isEmpty { try place(unmatched, status) }
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
            for (index, entry) in strangers.enumerated() {
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
                if let index = free[key], try Self.isKind(of: child, strangers[index], status) {
                    matches.append(Match(child: child, entry: strangers[index]))
                    taken.insert(index)
                    free[key] = nil
                    known[key] = child.name
                } else if let other = known[key] {
                    folded.append((child.name, other))
                } else {
                    unknown.append((child, identity))
                }
            }
            strangers = strangers.enumerated().filter { !taken.contains($0.offset) }.map(\.element)
            left = unknown
        }
        hidden += left.map(\.child.name)
    }
}

extension FolderCensus {
    /// The census of an open directory.
    init(of directory: borrowing Descriptor, _ children: [ListedTree.Child]) throws(SystemError) {
        try self.init(of: children, among: directory.entries()) { entry throws(SystemError) in
            try directory.status(of: entry)
        }
    }
}
