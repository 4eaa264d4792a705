import FDLCore
import FDLPlan
import NIOCore
import NIOPosix

/// What the engine tells a connection.
enum FetchCommand: Sendable {
    case fetch(RequestID, chunks: Range<Int>)
    /// As `fetch`, past all caches on the way.
    case revalidate(RequestID, chunk: Int)
    /// The response is no longer wanted: what still arrives of it is dropped.
    case cancel(RequestID)
}

/// A chunk whose digest matches.
struct VerifiedChunk: Sendable {
    let index: Int
    let buffer: ChunkBuffer
}

/// What a connection tells the engine.
struct FetchSink: Sendable {
    /// Hands events to the plan, in order.
    let post: @Sendable ([DownloadPlan.Event]) -> Void
    /// Hands on verified chunks.
    let accept: @Sendable ([VerifiedChunk]) -> Void
    /// Tells that a source has led to another origin.
    var led: @Sendable (Manifest.Source, Origin) -> Void = { _, _ in }
}

/// How long a connection may keep us waiting, on the monotonic clock.
struct FetchTimeouts: Sendable {
    /// From the connection attempt to the connection; the TLS handshake has a timeout of its own.
    var connect: TimeAmount = .seconds(15)
    /// From a request, or from the end of the previous response if that is later, to the response's head.
    var firstByte: TimeAmount = .seconds(20)
    /// Within a response, the time in which at least `slowestBytes` must arrive.
    var stall: TimeAmount = .seconds(20)
    /// In bytes. A response that brings fewer in `stall` times out.
    var slowestBytes = 4096
}

/// What all connections of a download have in common.
struct FetchSettings: Sendable {
    let buffers: ChunkBufferPool
    let limiter: RateLimiter?
    var timeouts = FetchTimeouts()

    /// Sets the options of a connection's channel. With a rate limit, the channel reads only on request.
    func configure(_ bootstrap: ClientBootstrap) -> ClientBootstrap {
        let allocator: any RecvByteBufferAllocator =
            if let limiter {
                FixedSizeRecvByteBufferAllocator(capacity: limiter.readSize)
            } else {
                AdaptiveRecvByteBufferAllocator(minimum: 16 << 10, initial: 64 << 10, maximum: 256 << 10)
            }
        return
            bootstrap
            .channelOption(.autoRead, value: limiter == nil)
            .channelOption(.maxMessagesPerRead, value: UInt(limiter == nil ? 4 : 1))
            .channelOption(.recvAllocator, value: allocator)
    }
}
