import CoreMetrics
import FDLCore
import FDLTLS
import NIOHTTP1
import Synchronization

/// What a worker counts. All label values are from fixed sets, so that no client can make the number of series grow.
final class WorkerMetrics: Sendable {
    private struct Answers: Hashable {
        let route: Route
        let status: UInt
    }

    private struct State {
        var answers: [Answers: Counter] = [:]
        var handshakes: [TLSHandshakeCompleted.Kind: Counter] = [:]
        var failures: [HandshakeFault: Counter] = [:]
        var refusals: [LimitNotices.Kind: (counter: Counter, told: UInt64)] = [:]
    }

    /// What each figure means.
    static let help = [
        "fdl_requests_total": "Requests answered, by kind and status.",
        "fdl_response_body_bytes_total": "Bytes of answers' bodies sent, by kind of request.",
        "fdl_request_seconds": "From a request to its answer's last byte, by kind.",
        "fdl_handshakes_total": "TLS handshakes completed, by version and whether a session was resumed.",
        "fdl_handshake_failures_total": "TLS handshakes that failed, by reason.",
        "fdl_connections": "Open connections, by what they wait for.",
        "fdl_compression_saved_bytes_total": "Bytes that compression has saved.",
        "fdl_descriptors_open": "Open file descriptors.",
        "fdl_descriptors_limit": "File descriptors that may be open.",
        "fdl_catalog_manifests": "Manifests found in the served directory.",
        "fdl_catalog_age_seconds": "Since the served directory was last looked at without a failure.",
        "fdl_refusals_total": "What was refused or cut because a limit was reached, by limit.",
    ]

    let phases = PhaseTally()
    private let factory: any MetricsFactory
    private let state = Mutex(State())
    private let bytes: [Route: Counter]
    private let durations: [Route: CoreMetrics.Timer]
    private let saved: Counter

    /// - Parameter factory: makes what the figures are given to.
    init(factory: any MetricsFactory) {
        self.factory = factory
        bytes = Self.each(Route.allCases) {
            Counter(label: "fdl_response_body_bytes_total", dimensions: [("route", $0.rawValue)], factory: factory)
        }
        durations = Self.each(Route.allCases) {
            CoreMetrics.Timer(label: "fdl_request_seconds", dimensions: [("route", $0.rawValue)], factory: factory)
        }
        saved = Counter(label: "fdl_compression_saved_bytes_total", factory: factory)
    }

    private static func each<Key: Hashable, Value>(_ keys: [Key], _ make: (Key) -> Value) -> [Key: Value] {
        Dictionary(uniqueKeysWithValues: keys.map { ($0, make($0)) })
    }

    /// An answer has been sent, or the part of it that could be.
    func answered(_ route: Route, status: HTTPResponseStatus, bytes count: Int64, _ duration: Duration) {
        let key = Answers(route: route, status: status.code)
        let counter = state.withLock { state in
            if let known = state.answers[key] { return known }
            let dimensions = [("route", route.rawValue), ("status", "\(status.code)")]
            let made = Counter(label: "fdl_requests_total", dimensions: dimensions, factory: factory)
            state.answers[key] = made
            return made
        }
        counter.increment()
        if count > 0 { bytes[route]?.increment(by: count) }
        durations[route]?.recordNanoseconds(Int64(duration / .nanoseconds(1)))
    }

    /// A chunk was sent compressed.
    func compressed(from plain: Int64, to count: Int64) { if plain > count { saved.increment(by: plain - count) } }

    func handshakeCompleted(_ event: TLSHandshakeCompleted) {
        let kind = event.kind
        let counter = state.withLock { state in
            if let known = state.handshakes[kind] { return known }
            let dimensions = [("version", kind.version.rawValue), ("resumed", "\(kind.resumed)")]
            let made = Counter(label: "fdl_handshakes_total", dimensions: dimensions, factory: factory)
            state.handshakes[kind] = made
            return made
        }
        counter.increment()
    }

    func handshakeFailed(_ fault: HandshakeFault) {
        let counter = state.withLock { state in
            if let known = state.failures[fault] { return known }
            let dimensions = [("reason", fault.rawValue)]
            let made = Counter(label: "fdl_handshake_failures_total", dimensions: dimensions, factory: factory)
            state.failures[fault] = made
            return made
        }
        counter.increment()
    }

    /// Tells what is not counted as it happens, but looked at now and then.
    func sample(_ sample: Sample) {
        func gauge(_ label: String, _ value: Double, _ dimensions: [(String, String)] = []) {
            Gauge(label: label, dimensions: dimensions, factory: factory).record(value)
        }
        for (phase, count) in phases.counts { gauge("fdl_connections", Double(count), [("phase", phase)]) }
        gauge("fdl_descriptors_open", Double(sample.openDescriptors))
        gauge("fdl_descriptors_limit", Double(sample.descriptorLimit))
        gauge("fdl_catalog_manifests", Double(sample.manifests))
        gauge("fdl_catalog_age_seconds", sample.catalogAge / .seconds(1))
        let grown = state.withLock { state in
            sample.refusals.map { kind, total -> (Counter, UInt64) in
                let known =
                    state.refusals[kind]
                    ?? (Counter(label: "fdl_refusals_total", dimensions: [("limit", kind.label)], factory: factory), 0)
                state.refusals[kind] = (known.counter, total)
                return (known.counter, total - min(known.told, total))
            }
        }
        for (counter, count) in grown where count > 0 { counter.increment(by: Int64(clamping: count)) }
    }

    struct Sample {
        let openDescriptors: Int
        let descriptorLimit: Int
        let manifests: Int
        /// Since the tree was last looked at.
        let catalogAge: Duration
        /// Since the start.
        let refusals: [LimitNotices.Kind: UInt64]
    }
}

extension LimitNotices.Kind {
    /// `address_limit` and the like.
    fileprivate var label: String {
        "\(self)".reduce(into: "") { $0 += $1.isUppercase ? "_\($1.lowercased())" : String($1) }
    }
}

extension TLSHandshakeCompleted {
    struct Kind: Hashable {
        let version: TLSVersion
        let resumed: Bool
    }

    fileprivate var kind: Kind { Kind(version: version, resumed: resumed) }
}
