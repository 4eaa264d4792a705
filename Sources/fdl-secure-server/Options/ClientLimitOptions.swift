public import ArgumentParser
import FDLCommand
public import FDLServer
import NIOCore

/// Limits on what clients may use of the worker.
struct ClientLimitOptions: ParsableArguments {
    @Option(help: "Connections at a time; for one more, the longest idle one makes room.")
    var maxConnections = WorkerLimits().connections

    @Option(
        help: ArgumentHelp(
            """
            Connections of one address (in IPv6, of one /64); for one more, its longest idle one makes room. CIDR=N \
            makes an exception, for proxies and NATs; may be repeated. Default: a quarter of all.
            """,
            valueName: "N|CIDR=N"
        )
    )
    var addressLimit: [AddressLimitOption] = []

    @Option(
        help: ArgumentHelp(
            """
            Connections from there begin with a PROXY header, version 1 or 2, that says for whom they are; may be \
            repeated.
            """,
            valueName: "CIDR"
        )
    )
    var proxyProtocol: [AddressRange] = []

    @Option(help: ArgumentHelp("For the TLS handshake.", valueName: "seconds"))
    var handshakeTimeout: Int64 = 10

    @Option(help: ArgumentHelp("For a whole request header, from its first byte.", valueName: "seconds"))
    var headerTimeout: Int64 = 20

    @Option(help: ArgumentHelp("Between requests.", valueName: "seconds"))
    var idleTimeout: Int64 = 75

    @Option(help: ArgumentHelp("For a client to take some more of an answer.", valueName: "seconds"))
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
        for limit in addressLimit {
            switch limit {
            case .each(let count): limits.connectionsPerAddress = count
            case .exception(let exception): limits.addressLimits.append(exception)
            }
        }
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
        guard addressLimit.count(where: { if case .each = $0 { true } else { false } }) <= 1 else {
            throw ValidationError("--address-limit says twice how many connections every address may have")
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

/// A value of `--address-limit`.
enum AddressLimitOption: ExpressibleByArgument, Sendable {
    /// What every address may have.
    case each(Int)
    case exception(AddressLimit)

    /// Reads `N` or `CIDR=N`, N from 1 to 1000000.
    init?(argument: String) {
        let parts = argument.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), let last = parts.last, let count = Int(last),
            (1...1_000_000).contains(count)
        else { return nil }
        guard parts.count == 2 else {
            self = .each(count)
            return
        }
        guard let range = AddressRange(parts[0]) else { return nil }
        self = .exception(AddressLimit(range: range, connections: count))
    }
}

extension AddressRange: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}
