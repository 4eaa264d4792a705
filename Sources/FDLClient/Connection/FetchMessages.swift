import FDLCore
import FDLPlan
import NIOCore
import NIOPosix

/// What the engine tells a connection.
enum FetchCommand: Sendable {
    case fetch(RequestID, chunks: Range<Int>)
    /// The answer is no longer wanted: what comes of it is dropped.
    case cancel(RequestID)
}

/// What a connection tells the engine.
struct FetchSink: Sendable {
    /// Hands an event to the plan.
    let post: @Sendable (DownloadPlan.Event) -> Void
    /// Hands on a chunk whose digest matches.
    let accept: @Sendable (Int, ChunkBuffer) -> Void
}

/// How long a connection may keep us waiting, on the monotonic clock.
struct FetchTimeouts: Sendable {
    /// From the connection attempt to the connection; the TLS handshake has its own.
    var connect: TimeAmount = .seconds(15)
    /// From a request (or the end of the answer before it) to its answer's first byte.
    var firstByte: TimeAmount = .seconds(20)
    /// Within an answer, the time in which at least `slowestBytes` must come.
    var stall: TimeAmount = .seconds(20)
    /// Fewer than these in `stall` is no transfer but a drip.
    var slowestBytes = 4096
}

/// What all connections of a download have in common.
struct FetchSettings: Sendable {
    let buffers: ChunkBufferPool
    let limiter: RateLimiter?
    let compression: DownloadRequest.Compression
    var timeouts = FetchTimeouts()

    /// Sets the options of a connection's channel: with a limit on the rate, it is read only when there is allowance.
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
