import FDLCommand
import FDLCore
import FDLSystem
import Logging
import Synchronization

/// Writes log messages, one line each.
struct LineLogHandler: LogHandler {
    /// The level of all loggers that have none of their own. It may change while they log.
    final class Level: Sendable {
        private static let all = Logger.Level.allCases
        /// A place in `all`: each message that might be logged asks for it.
        private let place: Atomic<Int>

        init(_ level: Logger.Level) { place = Atomic(Self.place(of: level)) }

        var current: Logger.Level {
            get { Self.all[place.load(ordering: .relaxed)] }
            set { place.store(Self.place(of: newValue), ordering: .relaxed) }
        }

        private static func place(of level: Logger.Level) -> Int { all.firstIndex(of: level) ?? 0 }
    }

    let label: String
    var metadata: Logger.Metadata = [:]
    private let shared: Level
    private var own: Logger.Level?
    private let json: Bool
    private let writer: LineWriter

    init(label: String, level: Level, json: Bool, writer: LineWriter) {
        self.label = label
        self.shared = level
        self.json = json
        self.writer = writer
    }

    var logLevel: Logger.Level {
        get { own ?? shared.current }
        set { own = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
            .map { (key: $0.key, value: withoutSecrets($0.value.description)) }
        writer.write(Self.line(level: event.level, withoutSecrets("\(event.message)"), fields, json: json))
    }

    /// A message as it is written, with the time of now.
    static func line(
        level: Logger.Level,
        _ message: String,
        _ fields: [(key: String, value: String)],
        json: Bool
    ) -> String {
        let time = UTCTime.now
        guard json else {
            let extra = fields.map { " \($0.key)=\(printable($0.value))" }.joined()
            return "\(time) \(level): \(printable(message))\(extra)"
        }
        let extra = fields.map { ",\(JSONValue.text($0.key)):\(JSONValue.text($0.value))" }.joined()
        return "{\"time\":\"\(time)\",\"level\":\"\(level)\",\"message\":\(JSONValue.text(message))\(extra)}"
    }
}
