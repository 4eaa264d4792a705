package import FDLCore
package import FDLSystem

/// Why a tree is not published, checked or healed.
package enum TreeError: Error, Sendable, Hashable {
    /// What is to be published cannot be read.
    case source(SystemError)
    /// There is nothing to publish where it is looked for.
    case sourceMissing(path: String, isFolder: Bool)
    /// What is to be published is not what the manifest lists: from the chunk on that begins at `offset`, in bytes, or by
    /// its size, if that is nil.
    case sourceDiffers(path: String, offset: Int64?)
    /// The tree's directory cannot be written or read.
    case tree(SystemError)
    /// Another process publishes into it.
    case busy(path: String)
    /// Two of the directories are one.
    case sameDirectory(String, String)
    /// Two directories stand for one server.
    case sameServer(String)
    /// The manifest names fewer servers than there are directories, and their URLs were not given.
    case serversUnknown(directories: Int, servers: Int)
    /// The tree has a higher version.
    case older(version: Int64, there: Int64, path: String)
    /// Another manifest of the tree has a file of that path.
    case pathTaken(path: String, by: ManifestName)
    /// What the tree keeps of what it has, or a manifest in it, cannot be understood.
    case unreadable(path: String, reason: String)
    /// No directory has a manifest.
    case nothingPublished(path: String)
    /// Memory for compressing is short.
    case outOfMemory
    case cancelled
}

extension TreeError: CustomStringConvertible {
    package var description: String { failure.message }
}

extension TreeError: Explained {
    /// What a person is told.
    package var failure: Failure {
        switch self {
        case .source(let error): error.failure(for: .input)
        case .sourceMissing(let path, let isFolder):
            Failure(
                .usage,
                "\(path) is not there, or is no \(isFolder ? "folder" : "file"): it is what the manifest lists",
                hint: "name the \(isFolder ? "folder" : "file") with --from"
            )
        case .sourceDiffers(let path, let offset):
            Failure(
                .integrity,
                offset.map { "\(path) is not what the manifest lists: it differs at byte \($0) or soon after" }
                    ?? "\(path) is not what the manifest lists: it has another size",
                hint: "bring back what was signed, or sign what is there now with fdl-sign manifest; nothing is "
                    + "published"
            )
        case .tree(let error): Self.failure(ofTree: error)
        case .busy(let path):
            Failure(
                .cannotCreate,
                "another fdl-sign publish is at work in \(path)",
                hint: "run the same command again when that has ended"
            )
        case .sameDirectory(let first, let second):
            Failure(.usage, "\(first) and \(second) are one directory", hint: "give each server a directory of its own")
        case .sameServer(let url):
            Failure(.usage, "\(url) stands for two directories", hint: "give each directory a URL of its own with --at")
        case .serversUnknown(let directories, let servers):
            Failure(
                .usage,
                "there are \(directories) directories, and the manifest names "
                    + (servers == 1 ? "one worker" : "\(servers) workers"),
                hint: "say with --at URL where each directory will be served, or sign with a --source for each"
            )
        case .older(let version, let there, let path):
            Failure(
                .usage,
                "version \(version) is older than \(there), which is published in \(path)",
                hint: "sign it again: readers who have seen \(there) refuse what is older"
            )
        case .pathTaken(let path, let name):
            Failure(
                .usage,
                "\(path) belongs to \(name), which is published there too",
                hint: "publish with --no-files, or into another directory"
            )
        case .unreadable(let path, let reason):
            Failure(.localIO, "\(path) cannot be understood: \(reason)", hint: "put it back as it was, or remove it")
        case .nothingPublished(let path):
            Failure(.usage, "nothing is published in \(path)", hint: "check the path, or publish into it first")
        case .outOfMemory:
            Failure(.localIO, "there is not enough memory to compress", hint: "leave --precompress out")
        case .cancelled: .interrupted
        }
    }

    /// There is no -o to choose another place with.
    private static func failure(ofTree error: SystemError) -> Failure {
        let told = error.failure(for: .output)
        guard told.hint?.hasSuffix("with -o") == true else { return told }
        return Failure(told.exitCode, told.message, hint: "choose a directory that you may write to")
    }
}
