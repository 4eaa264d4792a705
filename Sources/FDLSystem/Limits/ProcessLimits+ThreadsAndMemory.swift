import Glibc

extension ProcessLimits {
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

    /// Address space for a moment.
    /// - Returns: nil if the system gives none.
    static func map(_ bytes: Int) -> UnsafeMutableRawPointer? {
        let mapped = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        return mapped == MAP_FAILED ? nil : mapped
    }
}
