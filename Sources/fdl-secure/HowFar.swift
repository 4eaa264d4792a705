import FDLCommand
import FDLCore
import FDLSystem
import Synchronization

/// How far the work was when it was interrupted, in words.
final class HowFar: Sendable {
    private let last = Mutex<(isFetching: Bool, Progress.Amount)?>(nil)

    func note(_ amount: Progress.Amount, isFetching: Bool) { last.withLock { $0 = (isFetching, amount) } }

    /// What a person is told of an interrupted download.
    /// - Parameter path: of the output; nil for a stream.
    func interruptedDownload(of path: String?) -> Failure {
        let last = last.withLock { $0 }
        guard let last, last.isFetching, last.1.done > 0 else {
            return Self.failure(nil, hint: "run the same command again")
        }
        guard let path else {
            return Self.failure(last.1, hint: "run the same command again: a stream begins anew")
        }
        let partial = withoutTrailingSlashes(path) + FileNames.partialSuffix
        // That of a long name is called otherwise.
        let isNamedSo = (try? FileStatus(path: partial, following: false)) != nil
        let kept = isNamedSo ? "what is kept in \(shortened(partial))" : "what it has"
        return Self.failure(last.1, hint: "run the same command again: it goes on from \(kept)")
    }

    /// What a person is told of an interrupted check.
    func interruptedCheck() -> Failure {
        Self.failure(
            last.withLock { $0?.1 },
            hint: "run the same command again: it begins anew, and has changed nothing"
        )
    }

    private static func failure(_ amount: Progress.Amount?, hint: String) -> Failure {
        let amount = amount.flatMap { $0.shown }
        return Failure(.interrupted, "interrupted" + (amount.map { " at \($0)" } ?? ""), hint: hint)
    }
}
