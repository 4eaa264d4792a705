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
        for child in unmatched { try place(child, status) }
    }

    private static func isKind(
        of child: ListedTree.Child,
        _ entry: DirectoryEntry,
        _ status: (DirectoryEntry) throws(SystemError) -> FileStatus?
    ) throws(SystemError) -> Bool {
        let kind = if let kind = entry.kind { kind } else { try status(entry)?.kind }
        return kind == (child.isFolder ? .directory : .regular)
    }

    /// Finds out what a listed name is that no entry is spelled like.
    private mutating func place(
        _ child: ListedTree.Child,
        _ status: (DirectoryEntry) throws(SystemError) -> FileStatus?
    ) throws(SystemError) {
        let asked = DirectoryEntry(bytes: Array(child.name.utf8), kind: nil)
        guard let found = try status(asked), found.kind == (child.isFolder ? .directory : .regular) else {
            absent.append(child)
            return
        }
        // The file's identity tells. But some FUSE file systems make one up for each spelling: there it is what the
        // names fold to.
        for byIdentity in [true, false] {
            func isSame(_ entry: DirectoryEntry) throws(SystemError) -> Bool {
                if byIdentity { return try status(entry)?.identity == found.identity }
                guard let name = entry.text else { return false }
                return !FoldedPaths.pairs(in: [name, child.name]).isEmpty
            }
            for (index, entry) in strangers.enumerated() {
                guard try Self.isKind(of: child, entry, status), try isSame(entry) else { continue }
                matches.append(Match(child: child, entry: strangers.remove(at: index)))
                return
            }
            for match in matches {
                guard try isSame(match.entry) else { continue }
                folded.append((child.name, match.child.name))
                return
            }
        }
        hidden.append(child.name)
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
