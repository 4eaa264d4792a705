import FDLCore
import FDLServer
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
        let time = UTCTime.now
        var line: String
        if json {
            let extra = fields.map { ",\(Self.quoted($0.key)):\(Self.quoted($0.value.description))" }.joined()
            line =
                "{\"time\":\"\(time)\",\"level\":\"\(event.level)\",\"message\":\(Self.quoted("\(event.message)"))\(extra)}"
        } else {
            let extra = fields.map { " \($0.key)=\(Self.oneLine($0.value.description))" }.joined()
            line = "\(time) \(event.level): \(Self.oneLine("\(event.message)"))\(extra)"
        }
        line += "\n"
        StandardStream.error.write(line)
    }

    /// Paths and requests come from outside: none of them may end the line or move a terminal's cursor.
    private static func oneLine(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{fffd}" : $0 }
            )
        )
    }

    /// A JSON string (RFC 8259 section 7).
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
