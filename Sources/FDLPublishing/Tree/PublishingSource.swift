package import FDLCore
import FDLSystem
import Glibc

/// Where the bytes of a manifest's files are read from.
package struct PublishingSource: Sendable {
    /// The file or the folder, for messages.
    package let path: String
    private let manifest: Manifest
    /// The folder; nil if `path` is the only file itself.
    private let folder: SharedDescriptor?

    /// - Parameters:
    ///   - manifestPath: the manifest's file. What it lists lies beside it, under the name that the manifest's file has
    ///     without its suffix, or under the name in the manifest.
    ///   - given: where it lies instead; nil to look for it.
    /// - Throws: `TreeError.source` or `.sourceMissing`
    package init(of manifest: Manifest, beside manifestPath: String, given: String?) throws(TreeError) {
        let (directory, fileName) = splitLast(manifestPath)
        let prefix = directory.map { "\($0)/" } ?? ""
        var candidates: [String] = []
        if let given {
            candidates = [withoutTrailingSlashes(given)]
        } else {
            if manifest.isSingleFile { candidates.append(prefix + manifest.files[0].path.string) }
            for name in [FileNames.manifestName(inFile: fileName), manifest.name.string]
            where !candidates.contains(prefix + name) {
                candidates.append(prefix + name)
            }
        }
        for candidate in candidates {
            let status: FileStatus
            do throws(SystemError) { status = try FileStatus(path: candidate) } catch {
                guard error.isNotFound, given == nil else { throw .source(error) }
                continue
            }
            switch status.kind {
            case .regular where manifest.isSingleFile:
                self.init(manifest, path: candidate, folder: nil)
                return
            case .directory:
                do throws(SystemError) {
                    let opened = SharedDescriptor(try Descriptor(openingDirectory: candidate))
                    let first = manifest.files[0].path.string
                    // What is beside the manifest may be another thing of that name.
                    if given == nil, manifest.isSingleFile, try !Self.has(first, opened) { continue }
                    self.init(manifest, path: candidate, folder: opened)
                    return
                } catch {
                    throw .source(error)
                }
            default: continue
            }
        }
        throw .sourceMissing(path: given ?? candidates[0], isFolder: !manifest.isSingleFile)
    }

    private init(_ manifest: Manifest, path: String, folder: SharedDescriptor?) {
        self.manifest = manifest
        self.path = path
        self.folder = folder
    }

    private static func has(_ name: String, _ folder: SharedDescriptor) throws(SystemError) -> Bool {
        do throws(SystemError) {
            _ = try folder.descriptor.open(beneath: name, flags: O_RDONLY | O_NOCTTY | O_NONBLOCK)
            return true
        } catch {
            guard error.isNotFound else { throw error }
            return false
        }
    }

    /// The path of one of the files.
    package func path(ofFile file: Int) -> String {
        folder == nil ? path : "\(path)/\(manifest.files[file].path)"
    }

    /// Opens one of the files, which has to have the size that the manifest states.
    /// - Throws: `TreeError.source` or `.sourceDiffers`
    func open(file: Int) throws(TreeError) -> Descriptor {
        let listed = manifest.files[file]
        do throws(SystemError) {
            // O_NONBLOCK: what was a file may be a pipe by now.
            let flags = O_RDONLY | O_NOCTTY | O_NONBLOCK
            let opened =
                if let folder {
                    try folder.descriptor.open(beneath: listed.path.string, flags: flags)
                } else {
                    try Descriptor(opening: path, flags: flags)
                }
            let status = try opened.status()
            if status.kind == .regular, status.size == listed.size { return opened }
        } catch {
            throw .source(error)
        }
        throw .sourceDiffers(path: path(ofFile: file), offset: nil)
    }
}
