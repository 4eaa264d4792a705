import FDLCore
import FDLCrypto
import FDLSystem
import Glibc

/// Where a download goes on disk: the directory, the final name of the output, and the name of the partial output.
/// Everything here is checked before anything is fetched.
struct OutputTarget: Sendable {
    let directory: SharedDescriptor
    let name: String
    let isFolder: Bool
    /// The path of the output, for messages.
    let path: String
    /// The name of the partial output.
    let partName: String
    /// The greatest length of a name in this directory, in bytes.
    private let longestName: Int

    /// The path of the partial output, for messages.
    var partPath: String { splitLast(path).directory.map { "\($0)/\(partName)" } ?? partName }

    /// What exists under the final name.
    enum Existing: Sendable { case nothing, file, folder }

    /// - Throws: `Failure`: 73 if the directory does not exist or cannot be opened, or `path` cannot name the output.
    init(path: String, isFolder: Bool) throws(Failure) {
        let trimmed = withoutTrailingSlashes(path)
        let name = pathParts(trimmed).last ?? ""
        guard !name.isEmpty, name != ".", name != ".." else {
            throw Failure(
                .cannotCreate,
                path.isEmpty ? "the output has no name" : "\(path) is a directory, not a name for the output",
                hint: "name the file or folder to write with -o"
            )
        }
        guard isFolder || trimmed == path else {
            throw Failure(
                .cannotCreate,
                "\(path) names a directory, but the manifest lists a single file",
                hint: "give the file's name with -o"
            )
        }
        let parent = Directory.containing(trimmed)
        do throws(SystemError) {
            directory = SharedDescriptor(try Descriptor(openingDirectory: parent))
        } catch {
            guard error.isNotFound else { throw error.failure(for: .output) }
            throw Failure(.cannotCreate, "there is no directory \(parent)", hint: "create it first: mkdir -p \(parent)")
        }
        longestName = directory.descriptor.longestName()
        self.name = name
        self.isFolder = isFolder
        self.path = trimmed
        partName = Self.name(beside: name, FileNames.partialSuffix, longest: longestName)
    }

    /// The name of an auxiliary file beside an output: the output's name and a suffix. If that is too long, the name is
    /// cut and a part of its digest is inserted, so that a later run finds the same name again.
    /// - Parameter longest: the greatest length, in bytes.
    static func name(beside name: String, _ suffix: String, longest: Int) -> String {
        guard name.utf8.count + suffix.utf8.count > longest else { return name + suffix }
        let mark = "." + SHA256Digest(hashing: Array(name.utf8)).description.prefix(16) + suffix
        var start = Substring(name)
        while start.utf8.count + mark.utf8.count > longest, !start.isEmpty { start.removeLast() }
        return start + mark
    }

    /// Checks, before anything is fetched, that the output can get its final name.
    /// - Throws: `Failure`: 73 if what has that name cannot be replaced.
    func checkReplaceable() throws(Failure) {
        do throws(SystemError) { try directory.descriptor.checkReplaceable(child: name) } catch {
            let isMounted = error.code == EBUSY
            throw Failure(
                .cannotCreate,
                isMounted ? "cannot replace \(path): something is mounted on it" : error.description,
                hint: isFolder
                    ? "give the name of a new folder with -o" + (isMounted ? ", \(path)/NAME for one" : "")
                    : "give another name with -o, or write into the file that is there: -o - > \(path)"
            )
        }
    }

    /// Looks up what exists under the final name.
    /// - Throws: `Failure`: 73 for a symbolic link, for a file instead of a folder or the reverse, and for anything
    ///   else.
    func existing() throws(Failure) -> Existing {
        let status = try explaining(for: .output) { () throws(SystemError) in
            try directory.descriptor.status(child: name)
        }
        let hint = "move it away, or choose another name with -o"
        switch status?.kind {
        case nil: return .nothing
        case .regular where !isFolder: return .file
        case .directory where isFolder: return .folder
        case .regular:
            throw Failure(.cannotCreate, "\(path) is a file, and the manifest lists a folder", hint: hint)
        case .directory:
            throw Failure(.cannotCreate, "\(path) is a directory, and the manifest lists one file", hint: hint)
        case .symbolicLink:
            throw Failure(.cannotCreate, "\(path) is a symbolic link, which is never written through", hint: hint)
        case .other:
            throw Failure(
                .cannotCreate,
                "\(path) is neither a file nor a directory",
                hint: "give another name with -o; -o - writes to standard output"
            )
        }
    }

    /// Renames a replaced folder to a free name that no later download takes for its partial output.
    /// - Returns: the new name.
    func setAside(_ folder: String) throws(SystemError) -> String {
        var number = 1
        while true {
            let suffix = number == 1 ? FileNames.replacedSuffix : ".\(number)\(FileNames.replacedSuffix)"
            let aside = Self.name(beside: name, suffix, longest: longestName)
            do throws(SystemError) {
                try directory.descriptor.rename(child: folder, to: aside, .refuse)
                return aside
            } catch {
                guard error.code == EEXIST, number < 1_000 else { throw error }
            }
            number += 1
        }
    }

    /// Removes a folder that was set aside, except files that the manifest does not list. Errors are ignored, because
    /// the new folder is in its place already.
    /// - Returns: the path of the folder if anything is left of it, otherwise nil.
    func removeListed(from aside: String, _ manifest: Manifest) -> String? {
        do throws(SystemError) {
            let folder = try directory.descriptor.open(child: aside, flags: O_RDONLY | O_DIRECTORY)
            if try !ListedFolder(SharedDescriptor(folder), ListedTree(manifest)).removeListed() {
                try directory.descriptor.removeTree(child: aside)
                return nil
            }
        } catch {}
        return Directory.containing(path) + "/" + aside
    }

    /// Removes what an earlier run has left beside a finished output: a partial output, or the folder that was
    /// replaced.
    /// - Returns: the path of that folder if anything is left of it, otherwise nil.
    func removeStalePart(_ manifest: Manifest) throws(SystemError) -> String? {
        guard let status = try directory.descriptor.status(child: partName),
            status.kind == (isFolder ? .directory : .regular)
        else { return nil }
        let part = try directory.descriptor.open(child: partName, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY)
        guard try part.lock() != .held else { return nil }
        if isFolder { return try removeListed(from: setAside(partName), manifest) }
        try directory.descriptor.removeTree(child: partName)
        return nil
    }

    /// The files under the final name.
    func finishedTree(of manifest: Manifest) throws(SystemError) -> LocalTree {
        guard isFolder else { return LocalTree(directory: directory, fileName: name) }
        let folder = try directory.descriptor.open(child: name, flags: O_RDONLY | O_DIRECTORY)
        return LocalTree(folder: SharedDescriptor(folder), manifest: manifest)
    }
}
