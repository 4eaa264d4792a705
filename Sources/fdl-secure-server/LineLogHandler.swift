import FDLCommand
import FDLCore
import FDLSystem
import Logging

/// Writes log messages, one line each.
struct LineLogHandler: LogHandler {
    let label: String
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    private let json: Bool
    private let writer: LineWriter

    init(label: String, level: Logger.Level, json: Bool, writer: LineWriter) {
        self.label = label
        self.logLevel = level
        self.json = json
        self.writer = writer
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
