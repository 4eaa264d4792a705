import FDLCore
import FDLSystem
import Glibc

/// A whole file that is being published, under its name below `.fdl/new`.
struct StagedCopy: ~Copyable {
    /// What is in it already.
    enum State: Sendable, Hashable {
        /// It is the original under a second name.
        case linked
        /// It shares the original's data.
        case cloned
        /// It has its size and no data.
        case empty
    }

    let state: State
    let descriptor: Descriptor

    /// Makes it.
    /// - Throws: `TreeError.source`, `.sourceDiffers` or `.tree`
    init(of file: Int, _ run: StagingRun) throws(TreeError) {
        let original = try run.source.open(file: file)
        let path = run.trees[0].stagedPath(ofFile: file)
        do throws(SystemError) {
            // What an earlier run has left.
            try Directory.remove(path)
            if run.options.files == .linked, try Directory.link(run.source.path(ofFile: file), as: path) {
                self.init(.linked, try Descriptor(opening: path, flags: O_RDONLY | O_NOFOLLOW))
                return
            }
            let listed = run.manifest.files[file]
            let made = try Descriptor(
                opening: path,
                flags: O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW,
                mode: listed.isExecutable ? 0o777 : 0o666
            )
            if try made.clone(original) {
                self.init(.cloned, made)
            } else {
                try made.truncate(to: listed.size)
                self.init(.empty, made)
            }
        } catch {
            throw .tree(error)
        }
    }

    /// Opens one that was made before.
    init(opening path: String, _ state: State) throws(SystemError) {
        let flags = state == .linked ? O_RDONLY : O_RDWR
        self.init(state, try Descriptor(opening: path, flags: flags | O_NOFOLLOW))
    }

    private init(_ state: State, _ descriptor: consuming Descriptor) {
        self.state = state
        self.descriptor = descriptor
    }
}
