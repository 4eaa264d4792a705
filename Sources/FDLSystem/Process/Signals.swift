import Glibc
import Synchronization

/// The signals that ask a program to end, or to read its settings again.
package enum Signals {
    /// Those that came and that the handler was not told of yet, a bit each.
    private static let arrived = Atomic<UInt64>(0)
    private static let receiver = Mutex<(@Sendable (Int32) -> Void)?>(nil)
    /// How often SIGCONT came.
    private static let continued = Atomic<Int>(0)
    private static let handedBack = Atomic<Int>(0)
    /// A semaphore is one of the few things that a signal handler may touch.
    nonisolated(unsafe) private static let wake: UnsafeMutablePointer<sem_t> = {
        let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
        return semaphore
    }()

    /// Whether the program was started to go on at this signal, as nohup(1) does, and a shell without job
    /// control for what it starts in the background.
    package static func isIgnored(_ signal: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(signal, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    /// How often the process has gone on after a stop in which its terminal was the shell's. Counted from when `take` was
    /// told of SIGCONT.
    ///
    /// What is stopped by SIGSTOP in the process group of its parent has no shell that would have noticed.
    package static var continuations: Int { handedBack.load(ordering: .sequentiallyConsistent) }

    /// Stops the process as SIGTSTP does that nobody handles: not at all where nobody could continue it. Returns when it
    /// goes on. SIGTSTP is then handled as before.
    package static func stop() {
        var ours = sigaction()
        var standard = sigaction()
        standard.__sigaction_handler.sa_handler = SIG_DFL
        sigaction(SIGTSTP, &standard, &ours)
        let before = continued.load(ordering: .sequentiallyConsistent)
        // A thread that dispatch has started has most signals blocked, and hands that on to those that it starts.
        unblock(SIGTSTP)
        raise(SIGTSTP)
        sigaction(SIGTSTP, &ours, nil)
        // Another thread may be about to count it.
        if continued.load(ordering: .sequentiallyConsistent) == before { usleep(20_000) }
        guard continued.load(ordering: .sequentiallyConsistent) != before else { return }
        handedBack.add(1, ordering: .sequentiallyConsistent)
    }

    /// Lets the signals do nothing at all.
    package static func ignore(_ signals: Int32...) {
        for signal in signals { _ = Glibc.signal(signal, SIG_IGN) }
    }

    /// From now on keeps these signals, until `take` has a handler for them. Starts no thread.
    package static func collect(_ signals: Int32...) {
        _ = (wake, arrived.load(ordering: .relaxed), continuations, continued.load(ordering: .relaxed))
        for signal in signals { install(signal) }
    }

    /// From now on calls `handler` for these signals, on a thread that is there for nothing else. Those that are ignored
    /// stay so.
    ///
    /// A second call replaces the handler. Where there is no thread to be had, the signals keep doing what they did.
    /// - Parameter evenIgnored: those that are taken all the same.
    package static func take(
        _ signals: [Int32],
        evenIgnored: [Int32] = [],
        _ handler: @escaping @Sendable (Int32) -> Void
    ) {
        let wanted = signals.filter { !isIgnored($0) } + evenIgnored
        // Both are made here, not in the middle of a signal.
        _ = (wake, arrived.load(ordering: .relaxed), continuations, continued.load(ordering: .relaxed))
        let isWatched = receiver.withLock { receiver in
            guard receiver != nil || startThread(watch) else { return false }
            receiver = handler
            return true
        }
        guard isWatched else { return }
        for signal in wanted { install(signal) }
    }

    private static func install(_ signal: Int32) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { number in
            if number == SIGCONT {
                Signals.continued.add(1, ordering: .sequentiallyConsistent)
                if getpgid(getppid()) != getpgrp() { Signals.handedBack.add(1, ordering: .sequentiallyConsistent) }
            }
            Signals.arrived.bitwiseOr(1 << UInt64(number), ordering: .sequentiallyConsistent)
            sem_post(Signals.wake)
        }
        action.sa_flags = SA_RESTART
        sigaction(signal, &action, nil)
    }

    /// Ends the process by the signal, so that its parent sees that; with 128 and the signal's number where the
    /// signal has no effect, as on the first process of a container.
    package static func end(by signal: Int32) -> Never {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = SIG_DFL
        sigaction(signal, &action, nil)
        unblock(signal)
        raise(signal)
        _exit(128 + signal)
    }

    /// On this thread.
    private static func unblock(_ signal: Int32) {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, signal)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    private static func watch() {
        while true {
            guard sem_wait(wake) == 0 else { continue }
            let signals = arrived.exchange(0, ordering: .sequentiallyConsistent)
            for number in Int32(1)..<64 where signals & (1 << UInt64(number)) != 0 {
                receiver.withLock { $0 }?(number)
            }
        }
    }
}
