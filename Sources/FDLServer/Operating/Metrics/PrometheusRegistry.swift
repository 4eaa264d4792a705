import CoreMetrics
import FDLCore
import Synchronization

/// Keeps figures and writes them in Prometheus' text format (version 0.0.4).
///
/// Counters count up, gauges have a value, timers and aggregating recorders have a sum and a count. A series is made once
/// and kept: the code that counts is responsible for there being few of them.
final class PrometheusRegistry: MetricsFactory {
    private struct Key: Hashable {
        let name: String
        /// As it is written: `{route="chunk"}`, or nothing.
        let labels: String
    }

    private let help: [String: String]
    private let series = Mutex<[Key: Series]>([:])

    /// - Parameter help: what a figure means, by its name.
    init(help: [String: String] = [:]) {
        self.help = help
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        find(label, dimensions, .counter)
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        find(label, dimensions, aggregate ? .summary : .gauge)
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        find(label, dimensions, .summary)
    }

    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}

    private func find(_ label: String, _ dimensions: [(String, String)], _ kind: Series.Kind) -> Series {
        let pairs = dimensions.map { "\(Self.name($0.0))=\"\(Self.escaped($0.1))\"" }
        let key = Key(
            name: Self.name(label),
            labels: pairs.isEmpty ? "" : "{" + pairs.joined(separator: ",") + "}"
        )
        return series.withLock { series in
            if let known = series[key] { return known }
            let made = Series(kind)
            series[key] = made
            return made
        }
    }

    /// All series, those of one name together.
    var text: String {
        let sorted = series.withLock { $0 }.sorted { left, right in
            (left.key.name, left.key.labels) < (right.key.name, right.key.labels)
        }
        var text = ""
        var last: String?
        for (key, one) in sorted {
            if key.name != last {
                if let help = help[key.name] { text += "# HELP \(key.name) \(help)\n" }
                text += "# TYPE \(key.name) \(one.kind.rawValue)\n"
            }
            last = key.name
            let (value, count) = one.value
            switch one.kind {
            case .counter, .gauge: text += "\(key.name)\(key.labels) \(Self.number(value))\n"
            case .summary:
                text += "\(key.name)_sum\(key.labels) \(Self.number(value))\n"
                text += "\(key.name)_count\(key.labels) \(count)\n"
            }
        }
        return text
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
    }

    /// A name has letters, digits and underscores alone.
    static func name(_ text: String) -> String {
        String(
            decoding: text.utf8.map { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    byte
                default: UInt8(ascii: "_")
                }
            },
            as: UTF8.self
        )
    }

    static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}

/// One series.
private final class Series: CounterHandler, RecorderHandler, TimerHandler {
    enum Kind: String {
        case counter, gauge, summary
    }

    let kind: Kind
    // A counter is in `count`, the value of the others in `sum`.
    private let count = Atomic<Int64>(0)
    private let sum = Mutex(0.0)

    init(_ kind: Kind) {
        self.kind = kind
    }

    var value: (value: Double, count: Int64) {
        let count = count.load(ordering: .relaxed)
        return kind == .counter ? (Double(count), count) : (sum.withLock { $0 }, count)
    }

    func increment(by amount: Int64) { count.wrappingAdd(amount, ordering: .relaxed) }

    func reset() { count.store(0, ordering: .relaxed) }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        sum.withLock { $0 = kind == .gauge ? value : $0 + value }
        count.wrappingAdd(1, ordering: .relaxed)
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
}
