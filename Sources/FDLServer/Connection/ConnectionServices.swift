import Logging
import NIOPosix

/// What all connections of a worker share.
struct ConnectionServices: Sendable {
    let responder: Responder
    let compressed: CompressedChunks
    let limits: WorkerLimits
    /// For reads that have to wait for the disk.
    let readers: NIOThreadPool
    let compressors: NIOThreadPool
    let logger: Logger
    var metrics: WorkerMetrics?
    var accessLog: (@Sendable (AccessRecord) -> Void)?
}
