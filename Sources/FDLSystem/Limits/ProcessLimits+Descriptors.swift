import Glibc

extension ProcessLimits {
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
    /// - Parameters:
    ///   - more: the descriptors that each takes besides its own.
    ///   - spare: the descriptors needed besides.
    /// - Throws: `SystemError` EMFILE if there is not even room for one.
    package static func eventLoops(cores: Int, more: Int = 0, spare: Int) throws(SystemError) -> Int {
        let each = descriptorsPerLoop + more
        let free = freeDescriptors(of: cores * each + spare)
        let loops = min(cores, (free - spare) / each)
        guard free >= spare, loops >= 1 else {
            let needed = spare + each - free
            throw SystemError(operation: .other("open the \(needed) more descriptors that this needs"), code: EMFILE)
        }
        return loops
    }

    /// epoll, eventfd and timerfd.
    private static let descriptorsPerLoop = 3

    /// Raises the limit as far as the system allows: each connection and each open file takes a descriptor.
    static func raiseOpenFiles() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}

extension ProcessLimits {
    /// How many descriptors are open. By poll(2), which needs no right: a process that has confined itself may not list
    /// `/proc/self/fd`.
    package static var openDescriptors: Int {
        let size = max(1, min(1024, descriptorLimit))
        var count = 0
        var entries = [pollfd](repeating: pollfd(), count: size)
        for first in stride(from: 0, to: min(descriptorLimit, 1 << 20), by: size) {
            for index in 0..<size { entries[index] = pollfd(fd: Int32(first + index), events: 0, revents: 0) }
            guard poll(&entries, nfds_t(size), 0) >= 0 else { continue }
            count += entries.count { $0.revents & Int16(POLLNVAL) == 0 }
        }
        return count
    }

    /// How many descriptors may be open.
    package static var descriptorLimit: Int { limit(RLIMIT_NOFILE).map { Int(clamping: $0) } ?? .max }
}
