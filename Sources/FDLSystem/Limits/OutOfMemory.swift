import Glibc

/// The last words of a process whose memory is limited: Swift's allocator traps if it gets none.
enum OutOfMemory {
    static func tellInsteadOfCrashing() {
        for number in [SIGILL, SIGTRAP, SIGSEGV, SIGABRT] { signal(number, handler) }
    }

    /// Only what signal-safety(7) allows, and nothing that allocates.
    private static let handler: @convention(c) (Int32) -> Void = { number in
        // Whether memory is what was lacking: what this asks for is more than any one buffer of ours.
        if let mapped = ProcessLimits.map(OutOfMemory.probeBytes) {
            munmap(mapped, OutOfMemory.probeBytes)
            // Another fault: it ends the process as it would have.
            signal(number, SIG_DFL)
            return
        }
        let text: StaticString = """
            error: this process may not have as much memory as it needs
            hint: raise the limit (ulimit -v), or run without one

            """
        write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
        // EX_IOERR, as for every fault of this machine.
        _exit(74)
    }

    private static let probeBytes = 256 << 20
}
