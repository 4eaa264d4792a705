package import FDLCore
import FDLSystem
import Glibc
import Synchronization

/// What SIGINT, SIGTERM and SIGHUP do to a program: it reports the interruption and ends by that signal, so that a
/// shell's loop ends with it. A second signal ends it at once. A signal that was ignored at the start stays ignored.
///
/// The program ends on the spot, except between `hold` and `release` (or the program's end): there something would be
/// left half done, so the work goes on until it can stop.
package enum Interruption {
    private struct State {
        var signal: Int32?
        var holds = 0
        var cancel: (@Sendable () -> Void)?
        var words: (@Sendable () -> Failure)?
    }

    private static let state = Mutex(State())

    /// The signal that came, if one did.
    static var signal: Int32? { state.withLock(\.signal) }

    /// What a person is told of an interruption: how far the work was, and what of it is kept.
    static var failure: Failure { state.withLock(\.words)?() ?? .interrupted }

    /// From now on an interruption is told in these words.
    /// - Parameter words: makes a failure with the code 75. Called on any thread, at the interruption.
    package static func tell(_ words: @escaping @Sendable () -> Failure) { state.withLock { $0.words = words } }

    static func watch() {
        Signals.take([SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT]) { signal in
            switch signal {
            case SIGTSTP: StandardStream.error.suspend()
            // That it came is all that counts.
            case SIGCONT: break
            default: arrived(signal)
            }
        }
    }

    /// From now on a first signal only calls `cancel`. Work that completes nevertheless has succeeded.
    package static func hold(cancel: (@Sendable () -> Void)? = nil) {
        state.withLock { state in
            state.holds += 1
            state.cancel = cancel
        }
        // One that came before there was anything to cancel.
        if signal != nil { cancel?() }
    }

    /// Between two pieces of work that `hold` is on for.
    /// - Throws: `Failure` (75) if a signal has come.
    package static func check() throws(Failure) { if signal != nil { throw failure } }

    /// Ends what `hold` began.
    /// - Throws: `Failure` (75) if a signal came in the meantime.
    package static func release() throws(Failure) {
        let signal = state.withLock { state in
            state.holds -= 1
            state.cancel = nil
            return state.signal
        }
        if signal != nil { throw failure }
    }

    /// Does what a signal does to a program. For one that handles the signals itself, and has nothing of its own to do.
    package static func arrived(_ signal: Int32) {
        let (isSecond, isHeld, cancel) = state.withLock { state in
            defer { if state.signal == nil { state.signal = signal } }
            return (state.signal != nil, state.holds > 0, state.cancel)
        }
        if isSecond { StandardStream.error.wipe { Signals.end(by: signal) } }
        // `Program.end` gets a thread of its own: its writing may wait for a slow reader, and a second signal must be
        // handled meanwhile.
        if isHeld {
            cancel?()
        } else if !startThread({ Program.end(failure) }) {
            Signals.end(by: signal)
        }
    }
}
