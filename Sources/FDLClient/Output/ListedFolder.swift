import FDLCore
import FDLSystem
import Glibc

/// An open directory and what a manifest lists in it.
struct ListedFolder: Sendable {
    let directory: SharedDescriptor
    let listed: ListedTree
    private let folder: ListedTree.Folder

    init(_ directory: SharedDescriptor, _ listed: ListedTree) {
        self.init(directory, listed, listed.root)
    }

    private init(_ directory: SharedDescriptor, _ listed: ListedTree, _ folder: ListedTree.Folder) {
        self.directory = directory
        self.listed = listed
        self.folder = folder
    }

    private func census() throws(SystemError) -> FolderCensus {
        try FolderCensus(of: folder, in: listed, lyingIn: directory.descriptor)
    }

    private func inner(_ match: FolderCensus.Match) throws(SystemError) -> ListedFolder? {
        guard case .folder(let folder) = match.child.kind else { return nil }
        let opened = try directory.descriptor.open(entry: match.entry, flags: O_RDONLY | O_DIRECTORY)
        return ListedFolder(SharedDescriptor(opened), listed, folder)
    }

    /// Two listed paths that the file system takes for the same name; nil if each has an entry of its own.
    func foldedPair() throws(SystemError) -> (String, String)? {
        let census = try census()
        if let pair = census.folded.first { return (folder.joined(pair.name), folder.joined(pair.with)) }
        for match in census.matches {
            if let pair = try inner(match)?.foldedPair() { return pair }
        }
        return nil
    }

    /// The path of the first entry that the manifest does not list and that is not a directory; nil if there is none.
    func firstUnlisted() throws(SystemError) -> String? {
        var first: String?
        try forEachUnlisted { path in
            first = path
            return false
        }
        return first
    }

    /// Visits the entries that the manifest does not list and that are not directories; empty directories do not count.
    /// - Parameter visit: gets a path within the folder, and says whether it wants more.
    /// - Returns: whether `visit` has always wanted more.
    @discardableResult
    func forEachUnlisted(_ visit: (String) -> Bool) throws(SystemError) -> Bool {
        let census = try census()
        for entry in census.unlisted {
            let path = folder.joined(entry.shown)
            guard try directory.descriptor.status(of: entry)?.kind == .directory else {
                guard visit(path) else { return false }
                continue
            }
            let opened = try directory.descriptor.open(entry: entry, flags: O_RDONLY | O_DIRECTORY)
            guard try Self.forEachFile(in: SharedDescriptor(opened), path, visit) else { return false }
        }
        for match in census.matches {
            if let inner = try inner(match), try !inner.forEachUnlisted(visit) { return false }
        }
        return true
    }

    private static func forEachFile(
        in directory: SharedDescriptor,
        _ path: String,
        _ visit: (String) -> Bool
    ) throws(SystemError) -> Bool {
        for entry in try directory.descriptor.entries() {
            let path = "\(path)/\(entry.shown)"
            guard try directory.descriptor.status(of: entry)?.kind == .directory else {
                guard visit(path) else { return false }
                continue
            }
            let opened = try directory.descriptor.open(entry: entry, flags: O_RDONLY | O_DIRECTORY)
            guard try forEachFile(in: SharedDescriptor(opened), path, visit) else { return false }
        }
        return true
    }

    /// Removes everything that is not listed.
    /// - Parameter file: called with each listed file: its number, its directory, and its entry there.
    /// - Throws: `Failure`: 73 if the file system takes two listed paths for one, or shows a listed name so differently
    ///   that it cannot be told from an unlisted one; 74 if a listed file is gone. `SystemError`.
    func removeOthers(visiting file: (Int, borrowing Descriptor, DirectoryEntry) throws -> Void = { _, _, _ in }) throws
    {
        let census = try census()
        if let pair = census.folded.first {
            throw Failure(folded: folder.joined(pair.name), folder.joined(pair.with))
        }
        if let lost = census.absent.first {
            throw Failure(
                .localIO,
                "\(folder.joined(lost.name)) has gone since it was written",
                hint: "make sure that no other program writes into the partial folder, and run the same command again"
            )
        }
        if let name = census.hidden.first, let entry = census.unlisted.first {
            throw Failure(
                .cannotCreate,
                "this file system shows \(folder.joined(name)) under another name, \(entry.shown) perhaps",
                hint: "choose a place on a file system that keeps names as they are, with -o"
            )
        }
        for entry in census.unlisted { try directory.descriptor.removeTree(entry: entry) }
        for match in census.matches {
            switch match.child.kind {
            case .file(let index): try file(index, directory.descriptor, match.entry)
            case .folder: try inner(match)?.removeOthers(visiting: file)
            }
        }
    }

    /// Makes the entries of this directory and of all listed directories below it survive a loss of power.
    func syncDirectories() throws(SystemError) {
        for inner in listed.folders() {
            try directory.descriptor.open(beneath: inner.path, flags: O_RDONLY | O_DIRECTORY).syncDirectory()
        }
        try directory.descriptor.syncDirectory()
    }

    /// Removes the listed files, and the listed directories that become empty.
    /// - Returns: whether anything is left.
    func removeListed() throws(SystemError) -> Bool {
        let census = try census()
        var isLeft = !census.unlisted.isEmpty
        for match in census.matches {
            if let inner = try inner(match), try inner.removeListed() {
                isLeft = true
            } else {
                try directory.descriptor.removeTree(entry: match.entry)
            }
        }
        return isLeft
    }
}

extension Failure {
    /// The file system cannot hold a listed name.
    init(refused path: String, _ error: SystemError) {
        self.init(
            .cannotCreate,
            "this file system cannot hold the name \(path): \(SystemError.text(error.code))",
            hint: "choose a place on one that takes any name (such as ext4, XFS or Btrfs) with -o"
        )
    }

    /// The file system takes two listed paths for the same name.
    init(folded first: String, _ second: String) {
        self.init(
            .cannotCreate,
            "this file system takes \(first) and \(second) for one name, and the manifest lists both",
            hint: "choose a place on a file system that tells them apart (such as ext4, XFS or Btrfs) with -o"
        )
    }

    /// Another program has changed or cut a file of the output.
    init(changedSinceWritten path: String) {
        self.init(
            .localIO,
            "\(path) has changed since it was written",
            hint: "make sure that no other program writes there, and run the same command again"
        )
    }
}
