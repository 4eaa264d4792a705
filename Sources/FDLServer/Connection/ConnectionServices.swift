import FDLTLS
import Logging
import NIOPosix

/// What all connections of a worker share.
struct ConnectionServices: Sendable {
    let responder: Responder
    let compression: CompressionDesk
    var limits: WorkerLimits
    /// See `LiveLimits`.
    var demandsTLS = false
    /// Where connections that have more to send wait, on each event loop.
    let turns = PerLoop { SendingTurns() }
    /// For reads that have to wait for the disk.
    let readers: NIOThreadPool
    let logger: Logger
    let notices: LimitNotices
    /// Where the limits for new connections come from, and the line that all share; nil for `limits` alone.
    var live: LiveLimits?
    var metrics: WorkerMetrics?
    var accessLog: (@Sendable (AccessRecord) -> Void)?
    /// Where each has its seat; nil where they are not counted.
    var connections: Connections?
}
