import FDLCore
public import NIOCore

/// What a worker serves, where and how.
public struct WorkerConfiguration: Sendable {
    /// The directory that is served.
    public var root = "."
    /// Where to listen. The default takes IPv6 and IPv4.
    public var addresses = [ListenAddress.standard]
    /// What connections show and ask for.
    public var tls: WorkerTLS
    public var limits = WorkerLimits()
    /// From these addresses each connection has to begin with a PROXY header, version 1 or 2, which tells for whom it
    /// is; from others none is read.
    public var proxies: [AddressRange] = []
    /// Whether answers tell browsers to speak TLS alone with this host for a year, on all its ports (RFC 6797).
    public var demandsTLS = false
    /// The most bytes of compressed chunks to remember.
    public var compressionCacheBytes = 64 << 20
    /// Where to answer `GET /metrics` in plain HTTP; nil for nowhere. Without it the figures go to what
    /// `MetricsSystem` was given (swift-metrics).
    public var metricsAddress: ListenAddress?
    /// Called for each request once its answer is sent or cut off, on an event loop: it must not wait for anything.
    public var accessLog: (@Sendable (AccessRecord) -> Void)?

    /// A worker that shows one certificate, whose key is in its file or beside it.
    public init(certificate: String) {
        self.tls = WorkerTLS(certificates: [certificate])
    }

    public init(tls: WorkerTLS) {
        self.tls = tls
    }
}

/// Limits on what clients may use of a worker.
public struct WorkerLimits: Sendable, Hashable {
    /// The most connections at a time, fewer if there are not two descriptors for each: for one more, the one that has
    /// waited longest for its client makes room, and if none waits, the new one is closed.
    public var connections = 4096
    /// The most connections of one address, in IPv6 of one network of 64 bits: for one more, its own that has waited
    /// longest makes room. Nil for a quarter of `connections`, but 64 at least.
    public var connectionsPerAddress: Int?
    /// Exceptions from `connectionsPerAddress`; the narrowest range that fits counts.
    public var addressLimits: [AddressLimit] = []
    /// The time for the TLS handshake.
    public var handshake = TimeAmount.seconds(10)
    /// The time for a request's header, from its first byte to its last.
    public var header = TimeAmount.seconds(20)
    /// The time between requests.
    public var idle = TimeAmount.seconds(75)
    /// The time for the peer to take some more of an answer: 16 KiB at least, beyond what its socket holds.
    public var stalledAnswer = TimeAmount.seconds(60)
    /// A request line longer than this is answered with 414.
    public var requestLineBytes = 8 << 10
    /// A header longer than this is answered with 431.
    public var headerBytes = 32 << 10
    /// The bytes of bodies that all connections together may send a second; nil for as many as go.
    public var rate: Int64?
    /// The bytes of bodies that one connection may send a second; nil for as many as go.
    public var connectionRate: Int64?
    /// The time for answers under way to finish once the worker is told to stop.
    public var drain = Duration.seconds(30)

    public init() {}
}

/// How many connections each address of a range may have.
public struct AddressLimit: Sendable, Hashable {
    public var range: AddressRange
    public var connections: Int

    public init(range: AddressRange, connections: Int) {
        self.range = range
        self.connections = connections
    }
}

/// A host and a port to listen at.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    public static let standard = ListenAddress(host: "::", port: 8443)

    /// A name or an address, an IPv6 address without its brackets.
    public let host: String
    /// 0 for any free one.
    public let port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `HOST:PORT`, `[IPV6]:PORT` or `:PORT`, which means all addresses.
    /// - Returns: nil for anything else.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("[") {
            guard host.hasSuffix("]") else { return nil }
            host = host.dropFirst().dropLast()
        } else if host.contains(":") || host.contains("/") {
            return nil
        }
        self.init(host: host.isEmpty ? "::" : String(host), port: Int(port))
    }

    /// `HOST:PORT` as in a URL, an IPv6 address in brackets.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
