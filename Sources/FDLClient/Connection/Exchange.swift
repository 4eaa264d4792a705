import FDLCompression
import FDLCore
import NIOCore
import NIOHTTP1

/// One request of a connection and what has come of its answer. Confined to the connection's event loop.
final class Exchange {
    /// What an answer was that has come to its end, so that the next one can begin.
    enum Outcome {
        /// All that was asked for; nil where it was plain. Its bytes say how fast the connection is.
        case whole(ContentEncoding?)
        /// A well-formed "no".
        case refused(SourceError)
        /// A "no" that nobody waits for any more.
        case ignored
    }

    /// How far the answer has come.
    private enum State {
        case awaitingHead
        /// A good answer, checked as it comes.
        case body(Body)
        /// A well-formed "no": its body is read past.
        case refused(SourceError)
        /// No longer wanted: what still comes is read past.
        case cancelled(CancelledHead)
    }

    private enum CancelledHead {
        case awaited
        case good(ContentEncoding?)
        case refused
    }

    /// A class, so that the assembler, which cannot be copied, stays where it is while bytes come.
    private final class Body {
        var assembler: ChunkAssembler
        let encoding: ContentEncoding?

        init(_ assembler: consuming ChunkAssembler, _ encoding: ContentEncoding?) {
            self.assembler = assembler
            self.encoding = encoding
        }
    }

    /// An answer that is not wanted is read past up to this length; else the connection is not worth it.
    private static let discardLimit = 64 << 10

    let request: ChunkRequest
    let started = NIODeadline.now()
    /// When the answer before this one ended.
    var headline = NIODeadline.uptimeNanoseconds(0)
    /// Whether it was sent on an idle connection, so that the time to its first byte is the delay of the path.
    let measuresDelay: Bool
    /// The source has said that it closes the connection after this answer.
    private(set) var isLast = false
    /// Bytes of the body as they came.
    private(set) var wireBytes = 0
    private var untoldBytes = 0
    private var state = State.awaitingHead

    init(_ request: ChunkRequest, measuresDelay: Bool) {
        self.request = request
        self.measuresDelay = measuresDelay
    }

    var isCancelled: Bool {
        switch state {
        case .cancelled: true
        case .awaitingHead, .body, .refused: false
        }
    }

    var hasHead: Bool {
        switch state {
        case .awaitingHead, .cancelled(.awaited): false
        case .body, .refused, .cancelled: true
        }
    }

    /// The chunk that an error now is about.
    var currentChunk: Int {
        switch state {
        case .body(let body): body.assembler.currentChunk
        case .awaitingHead, .refused, .cancelled: request.chunks.first?.index ?? 0
        }
    }

    /// Bytes of a body that is wanted, and that the plan has not been told of.
    var bytesToTell: Int { isCancelled ? 0 : untoldBytes }

    func bytesAreTold() { untoldBytes = 0 }

    // MARK: What comes

    /// Takes the head of the answer.
    /// - Parameter buffers: where the memory for the chunks comes from.
    /// - Throws: what the source did wrong, where nothing that follows can be believed.
    func begin(_ head: HTTPResponseHead, _ buffers: ChunkBufferPool) throws(SourceError) {
        isLast = !head.isKeepAlive
        let encoding: ContentEncoding?
        do throws(SourceError) {
            encoding = try ResponseCheck.accept(head, for: request)
        } catch {
            switch error {
            // The next answer on this connection may be a good one.
            case .lacking, .status, .forbidden: return refuse(error)
            default: throw error
            }
        }
        guard !isCancelled else {
            state = .cancelled(.good(encoding))
            return
        }
        var inflater: ChunkInflater?
        if let encoding {
            do throws(CompressionError) {
                inflater = try ChunkInflater(encoding: encoding, limit: request.bodyLength)
            } catch {
                throw .undecodable("\(error)")
            }
        }
        let assembler = ChunkAssembler(chunks: request.chunks, inflater: inflater, buffers: buffers)
        state = .body(Body(assembler, encoding))
    }

    private func refuse(_ error: SourceError) {
        state = isCancelled ? .cancelled(.refused) : .refused(error)
    }

    /// What has come of the chunk is dropped: its memory is no longer counted.
    func cancel() {
        let head: CancelledHead
        switch state {
        case .awaitingHead: head = .awaited
        case .body(let body): head = .good(body.encoding)
        case .refused: head = .refused
        case .cancelled: return
        }
        state = .cancelled(head)
    }

    /// Counts bytes of the body, before they are appended.
    func count(_ bytes: Int) {
        wireBytes += bytes
        if case .body = state { untoldBytes += bytes }
    }

    /// - Parameter verified: called with each chunk whose last byte has come and whose digest matches.
    /// - Throws: what is wrong with the body.
    func append(
        _ bytes: ByteBuffer,
        verified: (ExpectedChunk, ChunkBuffer) -> Void
    ) throws(SourceError) {
        switch state {
        case .awaitingHead: break
        case .body(let body):
            try bytes.readableBytesSpan.withUnsafeBytes { bytes throws(SourceError) in
                try body.assembler.append(bytes, verified: verified)
            }
        case .refused(let refusal): guard isWorthReading else { throw refusal }
        case .cancelled: guard isWorthReading else { throw .protocolViolation("the body is longer than the chunk") }
        }
    }

    private var isWorthReading: Bool { wireBytes <= max(Self.discardLimit, request.bodyLength) }

    /// Takes the end of the answer.
    /// - Returns: nil where it was the end of an interim one.
    /// - Throws: what is wrong with the body.
    func finish() throws(SourceError) -> Outcome? {
        switch state {
        case .awaitingHead, .cancelled(.awaited): return nil
        case .body(let body):
            try body.assembler.finish()
            return .whole(body.encoding)
        case .refused(let error): return .refused(error)
        case .cancelled(.good(let encoding)): return .whole(encoding)
        case .cancelled(.refused): return .ignored
        }
    }
}
