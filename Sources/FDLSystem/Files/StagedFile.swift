import CLinux
import FDLCore
import Glibc

/// A file that is written and synced, under a name of its own beside the one it is for.
///
/// That name is short whatever the final one is, hidden, and one of fdl's own: `fdl-sign` lists it in no manifest, and
/// no worker serves it. It is the same for the same final name, so that the next write removes what a killed process
/// has left; the lock on the file tells whether its writer still lives.
final class StagedFile {
    private enum State {
        /// Under the temporary name.
        case staged
        /// Under the final name, which was free.
        case new
        /// Under the final name, and the old file under the temporary one.
        case exchanged
        /// Under the final name; what was there before is gone.
        case final
    }

    private let path: String
    private let temporary: String
    private var file: Descriptor?
    private var state = State.staged

    /// - Parameter path: the final name; nothing there is touched yet.
    init(for path: String, _ bytes: [UInt8], mode: UInt32) throws(SystemError) {
        self.path = path
        let directory = Directory.containing(path)
        let usual = Self.usualName(for: path)
        Self.removeAbandoned(usual)
        if let own = try Self.open(usual, mode: mode) {
            temporary = usual
            file = consume own
        } else {
            // Another process is writing the same file, or nobody can tell.
            temporary = "\(directory)/\(Self.name())"
            file = try Descriptor(opening: temporary, flags: Self.flags, mode: mode)
        }
        do throws(SystemError) {
            try file?.writeWhole(bytes)
        } catch {
            remove()
            throw error
        }
    }

    /// Gives the file its final name, over what is there.
    /// - Parameter keepingOld: so that `takeBack` brings back what was there.
    func put(keepingOld: Bool) throws(SystemError) {
        let old = try? FileStatus(path: path, following: false)
        if keepingOld, let old, old.kind != .directory {
            // Where it cannot be done, the old file is lost to `takeBack`, as it would be to a kill.
            if fdl_rename(AT_FDCWD, temporary, AT_FDCWD, path, UInt32(FDL_RENAME_EXCHANGE)) == 0 {
                state = .exchanged
                return
            }
        }
        try check(.rename, path: path) { rename(temporary, path) }
        state = old == nil ? .new : .final
    }

    /// Gives the file its final name if that is free.
    /// - Returns: false if the file system cannot do it in one step.
    /// - Throws: `SystemError`, EEXIST if the name is taken.
    func putWhereNothingIs() throws(SystemError) -> Bool {
        // One step: a process that is killed leaves one name, not two.
        if fdl_rename(AT_FDCWD, temporary, AT_FDCWD, path, UInt32(FDL_RENAME_NOREPLACE)) == 0 {
            state = .final
            return true
        }
        guard errno != EEXIST else { throw SystemError(operation: .create, path: path, code: EEXIST) }
        // A link never replaces either.
        if link(temporary, path) == 0 { return true }
        guard errno != EEXIST else { throw SystemError(operation: .create, path: path, code: EEXIST) }
        return false
    }

    /// Undoes `put`, where the old file was kept or there was none.
    func takeBack() {
        switch state {
        case .staged, .final: break
        case .new:
            _ = unlink(path)
            state = .final
        case .exchanged:
            if fdl_rename(AT_FDCWD, temporary, AT_FDCWD, path, UInt32(FDL_RENAME_EXCHANGE)) == 0 { state = .staged }
        }
    }

    /// Removes what is left under the temporary name.
    func remove() {
        switch state {
        // The temporary name may be another process's by now.
        case .new, .final: return
        case .staged, .exchanged:
            // Closed first: FUSE gives an open file another name instead.
            file = nil
            _ = unlink(temporary)
        }
        state = .final
    }

    /// Removes what a process that was killed while it wrote `path` has left beside it.
    static func removeLeftover(of path: String) { removeAbandoned(usualName(for: path)) }

    // MARK: The temporary name

    private static func usualName(for path: String) -> String {
        "\(Directory.containing(path))/\(name(hash(splitLast(path).name)))"
    }

    private static let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW

    /// - Parameter number: what tells it from others.
    static func name(_ number: UInt64 = .random(in: 0 ... .max)) -> String {
        let digits = String(number, radix: 16)
        return ".\(String(repeating: "0", count: 16 - digits.count))\(digits)\(FileNames.partialSuffix)"
    }

    /// 64 bits of FNV-1a: the same for the same name in every process.
    private static func hash(_ name: String) -> UInt64 {
        name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    /// Makes and locks the file.
    /// - Returns: nil if another process has the name.
    private static func open(_ path: String, mode: UInt32) throws(SystemError) -> Descriptor? {
        let file: Descriptor
        do throws(SystemError) {
            file = try Descriptor(opening: path, flags: flags, mode: mode)
        } catch {
            if error.code == EEXIST { return nil }
            throw error
        }
        // Where files cannot be locked, nobody takes this one for abandoned. Where they can, somebody may have done so
        // before the lock was taken: then the name is gone, or is another file's.
        let lock = (try? file.lock()) ?? .unavailable
        guard lock != .unavailable else { return file }
        guard lock == .taken, let there = try? FileStatus(path: path, following: false),
            try there.identity == file.status().identity
        else { return nil }
        return file
    }

    /// Removes what a process that has ended without doing so left.
    private static func removeAbandoned(_ path: String) {
        guard let left = try? Descriptor(opening: path, flags: O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY),
            let found = try? left.status(), found.kind == .regular, (try? left.lock()) == .taken,
            // Its writer may have ended meanwhile, and another one have the name.
            (try? FileStatus(path: path, following: false))?.identity == found.identity
        else { return }
        _ = unlink(path)
    }
}
