import FDLCore
import FDLCrypto
import FDLSystem
import Glibc

/// Where a download goes on disk, looked at before anything is fetched: the directory, the final name, and the name
/// that an incomplete output bears.
struct OutputTarget: Sendable {
    let directory: SharedDescriptor
    let name: String
    let isFolder: Bool
    /// For messages.
    let path: String
    /// The name of an incomplete output.
    let partName: String
    /// In bytes.
    private let longestName: Int

    /// For messages.
    var partPath: String { splitLast(path).directory.map { "\($0)/\(partName)" } ?? partName }

    /// What lies under the final name.
    enum Existing: Sendable { case nothing, file, folder }

    /// - Throws: `Failure` (73) if the directory is missing or the final name cannot be one of a file.
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

    /// The name of one of our own files beside an output: its name and our suffix. Where that would be too long, the
    /// beginning of its name and of its digest, so that a later run finds it again.
    /// - Parameter longest: in bytes.
    static func name(beside name: String, _ suffix: String, longest: Int) -> String {
        guard name.utf8.count + suffix.utf8.count > longest else { return name + suffix }
        let mark = "." + SHA256Digest(hashing: Array(name.utf8)).description.prefix(16) + suffix
        var start = Substring(name)
        while start.utf8.count + mark.utf8.count > longest, !start.isEmpty { start.removeLast() }
        return start + mark
    }

    /// Finds out before anything is fetched whether the output could get its name.
    /// - Throws: `Failure` (73) if what bears it cannot be replaced.
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

    /// - Throws: `Failure` (73) for a symbolic link, a file where a folder goes or the other way round, and for
    ///   anything that is neither.
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

    /// Gives a folder that was replaced a name that is free, and that no later download takes for its own.
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

    /// Removes a folder that was set aside, but for files that nobody listed. What cannot be removed stays: the new
    /// folder is in its place already.
    /// - Returns: where it lies, if anything of it is left.
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

    /// Takes away what an earlier run has left beside a finished output: a partial one, or the folder it replaced.
    /// - Returns: where what is left of that folder lies now.
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

    /// The tree under the final name.
    func finishedTree(of manifest: Manifest) throws(SystemError) -> LocalTree {
        guard isFolder else { return LocalTree(directory: directory, fileName: name) }
        let folder = try directory.descriptor.open(child: name, flags: O_RDONLY | O_DIRECTORY)
        return LocalTree(folder: SharedDescriptor(folder), manifest: manifest)
    }
}
