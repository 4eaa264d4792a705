import NIOCore
import Synchronization

/// Limits all connections together to a number of bytes a second.
///
/// Each connection reports what it has read and learns when it may read again. At most a tenth of a second of idle
/// time is saved up, so there is no burst after a pause.
final class RateLimiter: Sendable {
    private let nanosecondsPerByte: Double
    private let paidUntil: Mutex<NIODeadline>
    private static let savedUp = TimeAmount.milliseconds(100)

    /// The most bytes to read at a time. A read is charged only after it has happened, so the amount that all
    /// connections can overdraw has to be small compared with a second's worth.
    let readSize: Int

    /// - Parameter bytesPerSecond: at least 1.
    init(bytesPerSecond: Int64) {
        nanosecondsPerByte = 1e9 / Double(max(1, bytesPerSecond))
        paidUntil = Mutex(.uptimeNanoseconds(0))
        readSize = Int(min(max(bytesPerSecond / 128, 1 << 10), 256 << 10))
    }

    /// Charges `bytes` that were read at `now`.
    /// - Returns: when the connection may read again: `now` or later.
    func charge(_ bytes: Int, at now: NIODeadline) -> NIODeadline {
        let cost = TimeAmount.nanoseconds(Int64(min(Double(bytes) * nanosecondsPerByte, 1e18)))
        return paidUntil.withLock { paidUntil in
            paidUntil = max(paidUntil, now - Self.savedUp) + cost
            return max(now, paidUntil)
        }
    }
}
