import FDLCommand
import FDLCore
import FDLSystem
import Logging

/// Writes log messages to standard error, one line each.
struct LineLogHandler: LogHandler {
    let label: String
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    private let json: Bool

    init(label: String, level: Logger.Level, json: Bool) {
        self.label = label
        self.logLevel = level
        self.json = json
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
            .map { (key: $0.key, value: withoutSecrets($0.value.description)) }
        let message = withoutSecrets("\(event.message)")
        let time = UTCTime.now
        let line: String
        if json {
            let extra = fields.map { ",\(JSONValue.text($0.key)):\(JSONValue.text($0.value))" }.joined()
            let message = JSONValue.text(message)
            line = "{\"time\":\"\(time)\",\"level\":\"\(event.level)\",\"message\":\(message)\(extra)}"
        } else {
            let extra = fields.map { " \($0.key)=\(printable($0.value))" }.joined()
            line = "\(time) \(event.level): \(printable(message))\(extra)"
        }
        StandardStream.error.writeLine(line)
    }
}
