import FDLCompression
import FDLCore
import NIOCore
import NIOHTTP1

/// One request on a connection and the state of its response. Confined to the connection's event loop.
final class Exchange {
    /// How a response ended. The next one can begin then.
    enum Outcome {
        /// Complete. Its bytes show how fast the connection is.
        case whole(CompressionChoice.Form)
        /// A well-formed refusal.
        case refused(SourceError)
        /// A redirect.
        case elsewhere(Redirection)
        /// A registry wants a token.
        case challenged(AuthenticationChallenge)
        /// A well-formed refusal of a request that was cancelled.
        case ignored
    }

    /// How far the response has come.
    private enum State {
        case awaitingHead
        /// A good response, whose body is checked as it arrives.
        case body(Body)
        /// A well-formed refusal, whose body is skipped.
        case refused(SourceError)
        /// A redirect, whose body is skipped.
        case redirected(Redirection)
        /// A registry's challenge, whose body is skipped.
        case challenged(AuthenticationChallenge)
        /// No longer wanted: what still arrives is skipped.
        case cancelled(CancelledHead)
    }

    private enum CancelledHead {
        case awaited
        case good(CompressionChoice.Form)
        case refused
    }

    /// A class because the verifier cannot be copied: it is changed in place while it is part of a `State`.
    private final class Body {
        var verifier: ChunkVerifier
        let form: CompressionChoice.Form

        init(_ verifier: consuming ChunkVerifier, _ form: CompressionChoice.Form) {
            self.verifier = verifier
            self.form = form
        }
    }

    /// In bytes. An unwanted response is skipped up to this length, or up to the length that was asked for if that is
    /// more. A longer one costs more than a new connection.
    private static let discardLimit = 64 << 10

    let request: ChunkRequest
    /// Whether the request was sent on an idle connection, so that the time to the first byte is the path's delay.
    let measuresDelay: Bool
    /// Whether the source has announced that it closes the connection after this response.
    private(set) var isLast = false
    /// When the source could begin with it at the earliest: once it was asked for, and all before it was complete.
    private var due = NIODeadline.now()
    private var isBehindCompressed = false
    /// Whether it is answered by a registry's challenge, cancelled or not.
    private(set) var isChallenged = false
    /// Bytes of the body as they came over the network, before decoding.
    private var wireBytes = 0
    /// When the body began to arrive, and how many bytes came then.
    private var beginning: (time: NIODeadline, bytes: Int)?
    private var inflating = TimeAmount.zero
    private var untoldBytes = 0
    private var state = State.awaitingHead

    init(_ request: ChunkRequest, measuresDelay: Bool) {
        self.request = request
        self.measuresDelay = measuresDelay
    }

    var isCancelled: Bool {
        switch state {
        case .cancelled: true
        case .awaitingHead, .body, .refused, .redirected, .challenged: false
        }
    }

    /// Whether its first byte is that of a redirect, which says nothing about the path that the chunk will take.
    var isRedirected: Bool {
        if case .redirected = state { true } else { false }
    }

    var hasHead: Bool {
        switch state {
        case .awaitingHead, .cancelled(.awaited): false
        case .body, .refused, .redirected, .challenged, .cancelled: true
        }
    }

    /// The number of the chunk to name in an error.
    var currentChunk: Int {
        switch state {
        case .body(let body): body.verifier.currentChunk
        case .awaitingHead, .refused, .redirected, .challenged, .cancelled: request.firstChunk
        }
    }

    /// Whether nothing that is wanted follows the current chunk.
    var isAtLastChunk: Bool { currentChunk == request.chunks.last?.index }

    /// Bytes that have not been reported to the plan yet; 0 if the response is no longer wanted.
    var bytesToTell: Int { isCancelled ? 0 : untoldBytes }

    func bytesAreTold() { untoldBytes = 0 }

    // MARK: The response

    /// Takes the head of the response.
    /// - Parameter buffers: where the memory for the chunks comes from.
    /// - Throws: what the source did wrong, if nothing more on this connection can be trusted.
    func begin(_ head: HTTPResponseHead, _ buffers: ChunkBufferPool) throws(SourceError) {
        isLast = !head.isKeepAlive
        if let redirection = Redirection(head) {
            state = isCancelled ? .cancelled(.refused) : .redirected(redirection)
            return
        }
        if let challenge = ResponseCheck.challenge(in: head, to: request) {
            isChallenged = true
            state = isCancelled ? .cancelled(.refused) : .challenged(challenge)
            return
        }
        let encoding: ContentEncoding?
        do throws(SourceError) {
            encoding = try ResponseCheck.accept(head, for: request)
        } catch {
            switch error {
            // A well-formed refusal leaves the connection usable for the responses that follow.
            case .lacking, .status, .forbidden: return refuse(error)
            default: throw WebPage.cause(error, of: head)
            }
        }
        let form = ResponseCheck.form(of: head, encoding)
        guard !isCancelled else {
            state = .cancelled(.good(form))
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
        let verifier = ChunkVerifier(chunks: request.chunks, inflater: inflater, buffers: buffers)
        state = .body(Body(verifier, form))
    }

    private func refuse(_ error: SourceError) {
        state = isCancelled ? .cancelled(.refused) : .refused(error)
    }

    /// Drops the partial chunk: the plan no longer counts its memory.
    func cancel() {
        let head: CancelledHead
        switch state {
        case .awaitingHead: head = .awaited
        case .body(let body): head = .good(body.form)
        case .refused, .redirected, .challenged: head = .refused
        case .cancelled: return
        }
        state = .cancelled(head)
    }

    /// How the body has come over the network; nil if it is empty.
    var arrival: CompressionChoice.Arrival? {
        guard let beginning else { return nil }
        return .init(
            length: wireBytes,
            later: wireBytes - beginning.bytes,
            wait: Duration(beginning.time - due),
            time: Duration(.now() - beginning.time),
            inflating: Duration(inflating),
            isBehindCompressed: isBehindCompressed
        )
    }

    /// The answer before it on the connection is complete.
    func becomesDue(behind other: Exchange) {
        due = .now()
        isBehindCompressed =
            switch other.state {
            case .body(let body): body.form != .plain
            case .cancelled(.good(let form)): form != .plain
            case .awaitingHead, .refused, .redirected, .challenged, .cancelled: false
            }
    }

    /// Counts bytes of the body, before they are appended.
    func count(_ bytes: Int) {
        if beginning == nil { beginning = (.now(), bytes) }
        wireBytes += bytes
        if case .body = state { untoldBytes += bytes }
    }

    /// Takes the next bytes of the body.
    /// - Parameter verified: called with each chunk whose last byte has come and whose digest matches.
    /// - Throws: what is wrong with the body, or the refusal if its body is too long to skip.
    func append(
        _ bytes: ByteBuffer,
        verified: (ExpectedChunk, ChunkBuffer) -> Void
    ) throws(SourceError) {
        switch state {
        case .awaitingHead: break
        case .body(let body):
            let begun = body.form == .plain ? nil : NIODeadline.now()
            try bytes.readableBytesSpan.withUnsafeBytes { bytes throws(SourceError) in
                try body.verifier.append(bytes, verified: verified)
            }
            if let begun { inflating = inflating + (.now() - begun) }
        case .refused(let refusal): guard isWorthReading else { throw refusal }
        case .redirected: guard isWorthReading else { throw .protocolViolation("a redirect with a long body") }
        case .challenged: guard isWorthReading else { throw .forbidden(401) }
        case .cancelled: guard isWorthReading else { throw .protocolViolation("the body is longer than the chunk") }
        }
    }

    private var isWorthReading: Bool { wireBytes <= max(Self.discardLimit, request.bodyLength) }

    /// Takes the end of the response.
    /// - Returns: nil if only an interim response (1xx) has ended.
    /// - Throws: what is wrong with the body.
    func finish() throws(SourceError) -> Outcome? {
        switch state {
        case .awaitingHead, .cancelled(.awaited): return nil
        case .body(let body):
            try body.verifier.finish()
            return .whole(body.form)
        case .refused(let error): return .refused(error)
        case .redirected(let redirection): return .elsewhere(redirection)
        case .challenged(let challenge): return .challenged(challenge)
        case .cancelled(.good(let form)): return .whole(form)
        case .cancelled(.refused): return .ignored
        }
    }
}
