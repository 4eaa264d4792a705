import CoreMetrics
import FDLCore
import FDLTLS
import NIOCore
import NIOHTTP1
import Testing

@testable import FDLServer

@Suite("Metrics")
struct MetricsTests {
    private func series(_ registry: PrometheusRegistry) -> [String: String] {
        Dictionary(
            registry.text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
                let parts = line.split(separator: " ")
                return (String(parts[0]), String(parts[1]))
            },
            uniquingKeysWith: { first, _ in first + " twice" }
        )
    }

    @Test func `each kind of figure as Prometheus has it`() {
        let registry = PrometheusRegistry()
        for _ in 0..<3 { Counter(label: "a.b", dimensions: [("x", "1\"\\\n")], factory: registry).increment() }
        Gauge(label: "g", factory: registry).record(2.5)
        Gauge(label: "g", factory: registry).record(7)
        Timer(label: "t", factory: registry).recordNanoseconds(1_500_000_000)
        Timer(label: "t", factory: registry).recordNanoseconds(500_000_000)
        #expect(
            registry.text
                == "# TYPE a_b counter\na_b{x=\"1\\\"\\\\\\n\"} 3\n# TYPE g gauge\ng 7\n"
                + "# TYPE t summary\nt_sum 2\nt_count 2\n"
        )
    }

    @Test func `requests by route and status, handshakes by version and reason, connections by phase`() {
        let registry = PrometheusRegistry()
        let metrics = WorkerMetrics(factory: registry)
        metrics.answered(.chunk, status: .ok, bytes: 100, .milliseconds(500))
        metrics.answered(.chunk, status: .ok, bytes: 50, .milliseconds(500))
        metrics.answered(.file, status: .notFound, bytes: 0, .zero)
        metrics.compressed(from: 1000, to: 300)
        metrics.handshakeFailed(HandshakeFault(.noSharedProtocol))
        metrics.handshakeFailed(HandshakeFault(.peerAlert(.certificateRequired)))
        var deadlines = ConnectionDeadlines(limits: WorkerLimits(), now: .now(), tally: metrics.phases)
        deadlines.begin()
        deadlines.enter(.idle, now: .now())
        var other = ConnectionDeadlines(limits: WorkerLimits(), now: .now(), tally: metrics.phases)
        other.begin()
        other.enter(.idle, now: .now())
        other.enter(.header, now: .now())
        other.enter(.header, now: .now())
        let refusals: [LimitNotices.Kind: UInt64] = [.connectionRefused: 4]
        for refusals in [refusals, [.connectionRefused: 6]] {
            metrics.sample(
                WorkerMetrics.Sample(
                    openDescriptors: 9,
                    descriptorLimit: 1024,
                    manifests: 2,
                    catalogAge: .milliseconds(1500),
                    refusals: refusals
                )
            )
        }
        let found = series(registry)
        let expected = [
            "fdl_requests_total{route=\"chunk\",status=\"200\"}": "2",
            "fdl_requests_total{route=\"file\",status=\"404\"}": "1",
            "fdl_response_body_bytes_total{route=\"chunk\"}": "150",
            "fdl_request_seconds_sum{route=\"chunk\"}": "1",
            "fdl_request_seconds_count{route=\"chunk\"}": "2",
            "fdl_compression_saved_bytes_total": "700",
            "fdl_handshake_failures_total{reason=\"version\"}": "1",
            "fdl_handshake_failures_total{reason=\"alert\"}": "1",
            "fdl_connections{phase=\"idle\"}": "1",
            "fdl_connections{phase=\"header\"}": "1",
            "fdl_connections{phase=\"handshake\"}": "0",
            "fdl_descriptors_open": "9",
            "fdl_catalog_age_seconds": "1.5",
            "fdl_refusals_total{limit=\"connection_refused\"}": "6",
        ]
        for (name, value) in expected { #expect(found[name] == value, "\(name)") }
        deadlines.end()
        other.end()
        #expect(metrics.phases.counts.allSatisfy { $0.count == 0 })
    }
}
