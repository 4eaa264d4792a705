import NIOCore
import Synchronization

/// Paces bytes to a rate, over all who share it.
final class TokenBucket: Sendable {
    private let nanosecondsPerByte: Double
    private let paidUntil = Mutex(NIODeadline.uptimeNanoseconds(0))
    /// What may come at once behind a pause: enough that a late timer costs no throughput.
    private static let savedUp = TimeAmount.milliseconds(20)

    init(bytesPerSecond: Double) {
        nanosecondsPerByte = 1e9 / bytesPerSecond
    }

    /// Charges bytes that are due at `time`.
    /// - Returns: when they may go: `time` or later.
    func charge(_ bytes: Int, at time: NIODeadline) -> NIODeadline {
        paidUntil.withLock { paidUntil in
            let starts = max(paidUntil, time - Self.savedUp)
            paidUntil = starts + .nanoseconds(Int64(Double(bytes) * nanosecondsPerByte))
            return max(time, paidUntil)
        }
    }
}
