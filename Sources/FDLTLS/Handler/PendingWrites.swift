import FDLCore
import NIOCore

/// Plaintext that waits for encryption, in order, with the promise of each write.
///
/// Small neighbours share a record: a response's head and the start of its body leave as one.
struct PendingWrites {
    /// The most bytes of plaintext in one record (RFC 8446 section 5.1).
    static let recordSize = 16 * 1024
    /// The most bytes of plaintext in one batch: with what TLS adds to each record, its ciphertext fits one buffer of
    /// the pool.
    static let batchSize = 15 * recordSize

    private struct Write {
        var buffer: ByteBuffer
        let promise: EventLoopPromise<Void>?
    }

    /// The outcome of encrypting: the promises of the writes that are encrypted wholly, and the error that ended the
    /// batch early, if one did.
    struct Batch {
        var promises: [EventLoopPromise<Void>] = []
        var failure: TLSError?
    }

    private var writes = MarkedCircularBuffer<Write>(initialCapacity: 4)

    /// Whether anything is flushed and not yet encrypted.
    var hasFlushed: Bool { writes.hasMark }

    mutating func append(_ buffer: ByteBuffer, promise: EventLoopPromise<Void>?) {
        writes.append(Write(buffer: buffer, promise: promise))
    }

    /// Marks all that was appended as flushed.
    mutating func flush() {
        if !writes.isEmpty { writes.mark() }
    }

    /// Takes everything that was appended and not flushed, and returns its promises.
    mutating func dropUnflushed() -> [EventLoopPromise<Void>] {
        var kept = MarkedCircularBuffer<Write>(initialCapacity: 4)
        while writes.hasMark { kept.append(writes.removeFirst()) }
        let dropped = writes.compactMap(\.promise)
        if !kept.isEmpty { kept.mark() }
        writes = kept
        return dropped
    }

    /// Takes everything, and returns its promises.
    mutating func dropAll() -> [EventLoopPromise<Void>] {
        defer { writes = MarkedCircularBuffer(initialCapacity: 4) }
        return writes.compactMap(\.promise)
    }

    /// Encrypts flushed plaintext, a batch at most.
    mutating func encryptBatch(with connection: TLSConnection) -> Batch {
        var batch = Batch()
        var left = Self.batchSize
        while left > 0, let count = writes.hasMark ? writes.first?.buffer.readableBytes : nil {
            let step: TLSConnection.Step<Void>
            if count >= Self.recordSize {
                let whole = min(count, left) / Self.recordSize * Self.recordSize
                step = encryptFirst(whole, with: connection)
                left -= whole
                if whole == count { finishFirst(&batch) }
            } else {
                step = gatherRecord(into: &batch, with: connection)
                left -= Self.recordSize
            }
            guard case .done = step else {
                batch.failure = Self.failure(of: step)
                return batch
            }
        }
        return batch
    }

    private mutating func encryptFirst(_ count: Int, with connection: TLSConnection) -> TLSConnection.Step<Void> {
        writes[writes.startIndex].buffer.readWithUnsafeReadableBytes { bytes in
            (count, connection.write(UnsafeRawBufferPointer(rebasing: bytes[..<count])))
        }
    }

    /// Fills one record from as many flushed writes as it takes.
    private mutating func gatherRecord(
        into batch: inout Batch,
        with connection: TLSConnection
    ) -> TLSConnection.Step<Void> {
        withUnsafeTemporaryAllocation(byteCount: Self.recordSize, alignment: 16) { record in
            var filled = 0
            while filled < record.count, writes.hasMark {
                let first = writes.startIndex
                let (taken, isEmpty) = writes[first].buffer.take(
                    into: UnsafeMutableRawBufferPointer(rebasing: record[filled...])
                )
                filled += taken
                if isEmpty { finishFirst(&batch) }
            }
            guard filled > 0 else { return .done(()) }
            return connection.write(UnsafeRawBufferPointer(rebasing: record[..<filled]))
        }
    }

    private mutating func finishFirst(_ batch: inout Batch) {
        if let promise = writes.removeFirst().promise { batch.promises.append(promise) }
    }

    private static func failure(of step: TLSConnection.Step<Void>) -> TLSError? {
        switch step {
        case .done: nil
        case .failed(let error): error
        // Writing waits for the peer only in a renegotiation, and there is none.
        case .incomplete, .closed: .protocolViolation(reason: "writing is not possible")
        }
    }
}

extension ByteBuffer {
    /// Copies as much as fits, and says how much that was and whether nothing is left.
    fileprivate mutating func take(into out: UnsafeMutableRawBufferPointer) -> (count: Int, isEmpty: Bool) {
        let count = min(out.count, readableBytes)
        readWithUnsafeReadableBytes { bytes in
            out.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            return count
        }
        return (count, readableBytes == 0)
    }
}
