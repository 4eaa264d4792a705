import CLinux
import Glibc

/// What a server gives up before it serves: its user, what that may do beyond others, and all files but those that it
/// serves and reads.
///
/// To be entered while the process has one thread, since most of it holds for a thread and those that it starts later.
package struct Confinement: Sendable {
    /// `NAME[:GROUP]` to become; nil to stay who it is.
    package var user: String?
    /// What stays readable: each of these, as it is named and where that leads now.
    package var readable: [String]
    /// Directories in which logs are made and written.
    package var logDirectories: [String] = []

    package init(user: String? = nil, readable: [String]) {
        self.user = user
        self.readable = readable
    }

    /// What an operator should know of it.
    package enum Remark: Sendable, Hashable {
        /// Root that was not told whom to become.
        case isRoot
        case noLandlock
    }

    /// What the libraries below read while they run: how many processors there are to use.
    private static let readByLibraries = [
        "/sys/fs/cgroup", "/sys/devices/system/cpu", "/dev/null", "/dev/urandom",
    ]
    /// Where libdispatch looks at its threads, by a name that it knows (`/proc/TID/stat`); it ends the process if it may
    /// not. What is private to other processes stays so: Landlock lets nobody trace those outside.
    private static let processes = "/proc"

    /// Gives everything up, for good.
    /// - Throws: `ConfinementError`; then the process must not go on.
    package func enter() throws(ConfinementError) -> [Remark] {
        let identity = try user.map { name throws(ConfinementError) in try UserIdentity(name) }
        // The directories are looked at before the user changes: some of them may be root's alone.
        let landlock = Landlock()
        try refusing { () throws(SystemError) in
            for path in readable.flatMap({ Self.places(of: $0) }) + Self.readByLibraries {
                try landlock?.allowReading(path)
            }
            try landlock?.allowReadingKnown(beneath: Self.processes)
            for path in logDirectories { try landlock?.allowAppending(in: path) }
        }
        Capabilities.dropBounding()
        if let user, let identity { try Self.become(identity, user) }
        let isRoot = geteuid() == 0
        try refusing { () throws(SystemError) in
            try Capabilities.keep(only: isRoot ? Capabilities.readAll : 0)
            try check(.other("give up new privileges")) { fdl_set_no_new_privileges() }
            try Self.keepMemoryToItself()
            try landlock?.enter()
        }
        return (isRoot ? [.isRoot] : []) + (landlock == nil ? [.noLandlock] : [])
    }

    private func refusing(_ body: () throws(SystemError) -> Void) throws(ConfinementError) {
        do throws(SystemError) { try body() } catch { throw .refused(error) }
    }

    /// A path as it is given, and where it leads now if there are links in it.
    private static func places(of path: String) -> [String] {
        guard let resolved = try? realPath(path), resolved != path else { return [path] }
        return [path, resolved]
    }

    private static func become(_ identity: UserIdentity, _ name: String) throws(ConfinementError) {
        if geteuid() != 0 {
            // Who is that user already has nothing to do.
            guard geteuid() == identity.user, getegid() == identity.group else { throw .notRoot(user: name) }
            return
        }
        do throws(SystemError) {
            // Groups first: once the user is another, the rest may not be changed.
            try check(.other("give up the groups of this process")) { fdl_drop_groups() }
            try check(.other("change the group of this process")) { fdl_set_group(identity.group) }
            try check(.other("change the user of this process")) { fdl_set_user(identity.user) }
        } catch {
            throw .mayNotBecome(user: name, error)
        }
        guard fdl_is_for_good(identity.user, identity.group) == 1 else { throw .notForGood(user: name) }
    }

    /// Keys are in the memory of this process: no other of the same user looks into it, and no file holds it after a
    /// crash.
    private static func keepMemoryToItself() throws(SystemError) {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        try check(.other("forbid core files")) { setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none) }
        // The tests count the descriptors of a worker, which the system does not tell of such a process.
        if getenv("FDL_TEST_DUMPABLE") != nil { return }
        try check(.other("keep memory to this process")) { fdl_set_undumpable() }
    }
}

extension Confinement {
    /// What has to stay readable so that a file can be read again after it was replaced: the directories in which it
    /// lies, as it is named and where that leads. Those that renew certificates put new files beside the old ones and
    /// turn a link.
    package static func directories(of file: String) -> [String] {
        let named = [file, (try? realPath(file)) ?? file]
        return named.map { path in
            let directory = Directory.containing(path)
            // All of the file system is too much for one file.
            return (try? realPath(directory)) == "/" ? path : directory
        }
    }

    /// What has to stay readable of a directory that is served. If its path is a link, it may be turned to a directory
    /// beside the one of now, as a release is followed by the next.
    package static func directories(ofRoot root: String) -> [String] {
        guard let status = try? FileStatus(path: root, following: false), status.kind == .symbolicLink,
            let resolved = try? realPath(root)
        else { return [root] }
        let beside = Directory.containing(resolved)
        return beside == "/" ? [root] : [root, beside]
    }
}
