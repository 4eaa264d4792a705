import FDLCore
import NIOCore
import NIOPosix

/// What the connections of one event loop share.
final class LoopScratch {
    // Each thread has a value of its own, which no other thread can reach.
    private nonisolated(unsafe) static let current = ThreadSpecificVariable<LoopScratch>()

    /// A buffer to read files into, handed out by `takeBuffer` and returned by `putBack`. If nobody else refers to its
    /// memory by then, the next use fills the same memory, still warm in the cache.
    private var buffer = ByteBuffer()
    private var second: Int64 = .min
    private var fields = ""

    /// The value of the event loop that the caller runs on.
    static var ofThisLoop: LoopScratch {
        if let scratch = current.currentValue { return scratch }
        let scratch = LoopScratch()
        current.currentValue = scratch
        return scratch
    }

    /// A buffer that is empty and has room for `capacity` bytes.
    func takeBuffer(capacity: Int) -> ByteBuffer {
        var taken = ByteBuffer()
        swap(&taken, &buffer)
        taken.clear(minimumCapacity: capacity)
        return taken
    }

    func putBack(_ used: consuming ByteBuffer) { buffer = used }

    /// The fields that every answer has, as lines of a head, made once a second.
    func commonFields(_ now: UTCTime) -> String {
        if now.secondsSince1970 != second {
            second = now.secondsSince1970
            fields =
                "Date: \(HTTPDate.string(now))\r\nServer: fdl/\(Product.version)\r\n"
                + "X-Content-Type-Options: nosniff\r\n"
        }
        return fields
    }
}
