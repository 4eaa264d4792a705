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

    /// How many descriptors of `wanted` can be opened now.
    package static func freeDescriptors(of wanted: Int) -> Int {
        var opened: [Int32] = []
        defer { for descriptor in opened { close(descriptor) } }
        while opened.count < wanted {
            var pair: [Int32] = [-1, -1]
            guard pipe(&pair) == 0 else {
                // One may be left if two are not.
                let last = dup(opened.first ?? STDERR_FILENO)
                if last >= 0 { opened.append(last) }
                break
            }
            opened += pair
        }
        return min(opened.count, wanted)
    }

    /// How many event loops there can be, one a core at most.
    /// - Parameter spare: the descriptors needed besides.
    /// - Throws: `SystemError` EMFILE if there is not even room for one.
    package static func eventLoops(cores: Int, spare: Int) throws(SystemError) -> Int {
        let free = freeDescriptors(of: cores * descriptorsPerLoop + spare)
        let loops = min(cores, (free - spare) / descriptorsPerLoop)
        guard free >= spare, loops >= 1 else {
            let needed = spare + descriptorsPerLoop - free
            throw SystemError(operation: .other("open the \(needed) more descriptors that this needs"), code: EMFILE)
        }
        return loops
    }

    /// epoll, eventfd and timerfd.
    private static let descriptorsPerLoop = 3

    /// Starts so many threads for a moment and, while they stand, maps so much memory.
    /// - Throws: `SystemError` EAGAIN or ENOMEM if the system refuses.
    package static func check(threads: Int, bytes: Int) throws(SystemError) {
        let gate = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
        sem_init(gate, 0, 0)
        var started: [pthread_t] = []
        defer {
            for _ in started { sem_post(gate) }
            for thread in started { pthread_join(thread, nil) }
            sem_destroy(gate)
            gate.deallocate()
        }
        for _ in 0..<threads {
            var thread = pthread_t()
            let code = pthread_create(
                &thread,
                nil,
                { gate in
                    guard let gate = gate?.assumingMemoryBound(to: sem_t.self) else { return nil }
                    while sem_wait(gate) == -1, errno == EINTR {}
                    return nil
                },
                gate
            )
            guard code == 0 else {
                // pthread_create says EAGAIN for want of memory too.
                let isMemory = limit(RLIMIT_AS) != nil
                throw SystemError(operation: .other("start \(threads) threads"), code: isMemory ? ENOMEM : code)
            }
            started.append(thread)
        }
        guard let mapped = map(bytes) else {
            throw SystemError(operation: .other("get \(bytes >> 20) MiB of memory"), code: ENOMEM)
        }
        munmap(mapped, bytes)
    }

    static func map(_ bytes: Int) -> UnsafeMutableRawPointer? {
        let mapped = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        return mapped == MAP_FAILED ? nil : mapped
    }

    /// Raises the limit as far as the system allows: each connection and each open file takes a descriptor.
    private static func raiseOpenFiles() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// In bytes; nil if there is none.
    private static func limit(_ resource: __rlimit_resource) -> UInt64? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0 else { return nil }
        // RLIM_INFINITY, a macro.
        return limit.rlim_cur == rlim_t.max ? nil : UInt64(limit.rlim_cur)
    }
}

/// The last words of a process whose memory is limited: Swift's allocator traps if it gets none.
private enum OutOfMemory {
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
