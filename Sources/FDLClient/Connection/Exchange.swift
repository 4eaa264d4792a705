import FDLCompression
import FDLCore
import NIOCore

/// One request of a connection and what has come of its answer. Confined to the connection's event loop.
final class Exchange {
    let request: ChunkRequest
    let started = NIODeadline.now()
    /// When the answer before this one ended.
    var headline = NIODeadline.uptimeNanoseconds(0)
    private(set) var isCancelled = false
    /// The source has said that it closes the connection after this answer.
    var isLast = false
    /// Bytes of the body as they came.
    var wireBytes = 0
    /// Bytes of the body that the plan has not been told of.
    var untoldBytes = 0
    /// Whether it was sent on an idle connection, so that the time to its first byte is the delay of the path.
    let measuresDelay: Bool
    private(set) var hasHead = false
    /// The answer is a well-formed "no": its body is read past.
    private(set) var refusal: SourceError?
    private(set) var encoding: ContentEncoding?
    private var assembler: ChunkAssembler?

    init(_ request: ChunkRequest, measuresDelay: Bool) {
        self.request = request
        self.measuresDelay = measuresDelay
    }

    /// Whether a refusal's body has ended, so that the connection can go on.
    private(set) var isComplete = false

    /// The chunk that an error now is about.
    var currentChunk: Int { assembler?.currentChunk ?? request.chunks.first?.index ?? 0 }

    /// Takes the head of a good answer.
    /// - Parameter buffers: where the memory for the chunks comes from.
    func begin(_ encoding: ContentEncoding?, _ buffers: ChunkBufferPool) throws(SourceError) {
        hasHead = true
        self.encoding = encoding
        var inflater: ChunkInflater?
        if let encoding {
            do throws(CompressionError) {
                inflater = try ChunkInflater(encoding: encoding, limit: request.bodyLength)
            } catch {
                throw .undecodable("\(error)")
            }
        }
        assembler = ChunkAssembler(chunks: request.chunks, inflater: inflater, buffers: buffers)
    }

    /// What still comes is read past, and what has come of the chunk is dropped: its memory is no longer counted.
    func cancel() {
        isCancelled = true
        assembler = nil
    }

    func refuse(_ error: SourceError) {
        hasHead = true
        refusal = error
    }

    func append(
        _ bytes: ByteBuffer,
        verified: (ExpectedChunk, ChunkBuffer) -> Void
    ) throws(SourceError) {
        try bytes.readableBytesSpan.withUnsafeBytes { bytes throws(SourceError) in
            try assembler?.append(bytes, verified: verified)
        }
    }

    func finish() throws(SourceError) {
        try assembler?.finish()
    }

    func endRefusal() { isComplete = true }
}
