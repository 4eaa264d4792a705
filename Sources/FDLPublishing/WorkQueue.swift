import Synchronization

/// What the threads share: which unit is next, and how many bytes are done.
final class WorkQueue: Sendable {
    private let taken = Atomic<Int>(0)
    private let bytes = Atomic<Int64>(0)

    func next(of count: Int) -> Int? {
        let index = taken.wrappingAdd(1, ordering: .relaxed).oldValue
        return index < count ? index : nil
    }

    /// - Returns: all bytes counted so far.
    func count(_ more: Int64) -> Int64 { bytes.wrappingAdd(more, ordering: .relaxed).newValue }
}
