import ArgumentParser
import FDLCommand
import FDLServer
import NIOCore

/// Limits on what clients may use of the worker.
struct ClientLimitOptions: ParsableArguments {
    @Option(help: "Connections at a time; one more is closed as it comes.")
    var maxConnections = WorkerLimits().connections

    @Option(help: ArgumentHelp("For the TLS handshake.", valueName: "seconds"))
    var handshakeTimeout: Int64 = 10

    @Option(help: ArgumentHelp("For a whole request header, from its first byte.", valueName: "seconds"))
    var headerTimeout: Int64 = 20

    @Option(help: ArgumentHelp("Between requests.", valueName: "seconds"))
    var idleTimeout: Int64 = 75

    @Option(help: ArgumentHelp("For a client to take the next piece (128 KiB) of an answer.", valueName: "seconds"))
    var sendTimeout: Int64 = 60

    @Option(help: ArgumentHelp("For answers under way to finish after SIGTERM.", valueName: "seconds"))
    var drainTimeout: Int64 = 30

    @Option(help: ArgumentHelp("The longest request line.", valueName: "bytes"))
    var maxRequestLine = WorkerLimits().requestLineBytes

    @Option(help: ArgumentHelp("The longest request header.", valueName: "bytes"))
    var maxHeader = WorkerLimits().headerBytes

    @Option(help: ArgumentHelp("Memory for compressed chunks; 0 for none.", valueName: "MiB"))
    var compressionCache = 64

    @Option(
        help: ArgumentHelp(
            "What all connections together may send a second, as 10M; K, M and G are powers of 1024.",
            valueName: "bytes"
        )
    )
    var limitRate: ByteCount?

    @Option(help: ArgumentHelp("What one connection may send a second.", valueName: "bytes"))
    var limitRatePerConnection: ByteCount?

    var limits: WorkerLimits {
        var limits = WorkerLimits()
        limits.connections = maxConnections
        limits.handshake = .seconds(handshakeTimeout)
        limits.header = .seconds(headerTimeout)
        limits.idle = .seconds(idleTimeout)
        limits.stalledAnswer = .seconds(sendTimeout)
        limits.drain = .seconds(drainTimeout)
        limits.requestLineBytes = maxRequestLine
        limits.headerBytes = maxHeader
        limits.rate = limitRate?.bytes
        limits.connectionRate = limitRatePerConnection?.bytes
        return limits
    }

    func validate() throws {
        let seconds = [
            ("--handshake-timeout", handshakeTimeout), ("--header-timeout", headerTimeout),
            ("--idle-timeout", idleTimeout), ("--send-timeout", sendTimeout), ("--drain-timeout", drainTimeout),
        ]
        for (name, value) in seconds where !(1...86_400).contains(value) {
            throw ValidationError("\(name) must be from 1 to 86400 seconds")
        }
        guard (1...1_000_000).contains(maxConnections) else {
            throw ValidationError("--max-connections must be from 1 to 1000000")
        }
        for (name, value) in [("--max-request-line", maxRequestLine), ("--max-header", maxHeader)]
        where !(256...(1 << 20)).contains(value) {
            throw ValidationError("\(name) must be from 256 bytes to 1 MiB")
        }
        let rates = [("--limit-rate", limitRate), ("--limit-rate-per-connection", limitRatePerConnection)]
        for (name, rate) in rates {
            if let rate, rate.bytes < 1024 { throw ValidationError("\(name) must be at least 1K a second") }
        }
        guard (0...(1 << 20)).contains(compressionCache) else {
            throw ValidationError("--compression-cache must be from 0 to 1048576 MiB")
        }
    }
}
