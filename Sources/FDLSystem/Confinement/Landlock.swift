import CLinux
import Glibc

/// Rules of Landlock that are made and not in force yet.
final class Landlock {
    private let ruleset: Int32
    private let rights: LandlockRights

    deinit { close(ruleset) }

    /// - Returns: nil if the kernel has no Landlock, or a sandbox keeps it from this process.
    init?() {
        let version = fdl_landlock_version()
        guard version >= 1 else { return nil }
        let rights = LandlockRights(version: Int(version))
        let made = fdl_landlock_ruleset(rights.files, rights.network, rights.scopes)
        guard made >= 0 else { return nil }
        self.rights = rights
        ruleset = made
    }

    /// Leaves what is at `path`, and below it, readable. Nothing happens if nothing is there.
    func allowReading(_ path: String) throws(SystemError) {
        try allow(path) { $0.reading(isDirectory: $1) }
    }

    /// Leaves files readable whose names are known: directories cannot be listed.
    func allowReadingKnown(beneath path: String) throws(SystemError) {
        try allow(path) { rights, _ in rights.reading(isDirectory: false) }
    }

    /// Lets files be made and written in a directory.
    func allowAppending(in path: String) throws(SystemError) {
        try allow(path) { rights, isDirectory in isDirectory ? rights.appending : 0 }
    }

    private func allow(_ path: String, _ allowed: (LandlockRights, _ isDirectory: Bool) -> UInt64) throws(SystemError) {
        guard let file = try Self.place(path) else { return }
        let allowed = try allowed(rights, file.status().kind == .directory)
        if allowed == 0 { return }
        try check(.other("allow the reading of"), path: path) {
            fdl_landlock_allow(ruleset, file.rawValue, allowed)
        }
    }

    /// - Returns: nil for what cannot be reached now. It is not read later either: whoever needs it says so.
    private static func place(_ path: String) throws(SystemError) -> Descriptor? {
        do throws(SystemError) {
            return try Descriptor(opening: path, flags: FDL_O_PATH)
        } catch {
            if error.isNotFound || error.code == EACCES { return nil }
            throw error
        }
    }

    /// Puts the rules in force, for this thread and those it starts, for ever. They can only become stricter.
    func enter() throws(SystemError) {
        try check(.other("put Landlock's rules in force")) { [ruleset] in fdl_landlock_restrict(ruleset) }
    }
}
