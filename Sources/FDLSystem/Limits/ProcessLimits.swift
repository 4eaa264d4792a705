import CLinux
import Glibc

/// What the system lets this process have: open files, threads and memory.
///
/// The libraries below us end the process with a crash if they get no descriptor for an event loop, no thread or no
/// memory. So what a command needs is tried before they need it, and a person reads which limit it was.
package enum ProcessLimits {
    /// To be called once, before any other thread runs.
    package static func prepare() {
        raiseOpenFiles()
        guard limit(RLIMIT_AS) != nil || limit(RLIMIT_DATA) != nil else { return }
        // Each thread's own arena would take 64 MiB of what may be mapped, though it uses little of it.
        fdl_use_one_arena()
        OutOfMemory.tellInsteadOfCrashing()
    }

    /// Whether there is what any command needs before it has done anything: the threads that Swift's tasks run on, and
    /// the descriptors by which they wait.
    /// - Throws: `SystemError` EMFILE, EAGAIN or ENOMEM; another if a sandbox forbids a call.
    package static func checkLeast() throws(SystemError) {
        let least = 6
        guard freeDescriptors(of: least) == least else {
            throw SystemError(operation: .other("open the \(least) descriptors that this needs"), code: EMFILE)
        }
        // Some sandboxes have no such calls, and neither libdispatch nor an event loop starts without.
        close(try FDLSystem.check(.other("make an epoll")) { epoll_create1(Int32(EPOLL_CLOEXEC)) })
        close(try FDLSystem.check(.other("make an eventfd")) { eventfd(0, Int32(EFD_CLOEXEC)) })
        close(try FDLSystem.check(.other("make a timerfd")) { timerfd_create(CLOCK_MONOTONIC, Int32(TFD_CLOEXEC)) })
        // libdispatch tries for ever to start a thread that it does not get.
        try check(threads: 4, bytes: 32 << 20)
    }

    /// In bytes; nil if there is none.
    static func limit(_ resource: __rlimit_resource) -> UInt64? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0 else { return nil }
        // RLIM_INFINITY, a macro.
        return limit.rlim_cur == rlim_t.max ? nil : UInt64(limit.rlim_cur)
    }
}
