import Glibc
import Synchronization

/// What has to be gone when the tests are over, however they end short of a crash: processes and directories.
///
/// Each owner cleans up after itself; this catches what outlives its owner, such as what is shared by all tests.
enum Leftovers {
    private struct State {
        var groups: Set<pid_t> = []
        var directories: Set<String> = []
        var isHooked = false
    }

    private static let state = Mutex(State())

    static func add(group: pid_t) {
        state.withLock { state in
            hook(&state)
            state.groups.insert(group)
        }
    }

    static func remove(group: pid_t) {
        state.withLock { _ = $0.groups.remove(group) }
    }

    static func add(directory: String) {
        state.withLock { state in
            hook(&state)
            state.directories.insert(directory)
        }
    }

    static func remove(directory: String) {
        state.withLock { _ = $0.directories.remove(directory) }
    }

    private static func hook(_ state: inout State) {
        guard !state.isHooked else { return }
        state.isHooked = true
        atexit { Leftovers.end() }
    }

    private static func end() {
        let left = state.withLock { $0 }
        for group in left.groups { kill(-group, SIGKILL) }
        for directory in left.directories { TemporaryFolder.removeTree(directory) }
    }
}
