import FDLCore

/// A JSON text (RFC 8259) whose fields keep their order, so that a person can read it too.
package enum JSONValue: Sendable, ExpressibleByStringLiteral, ExpressibleByDictionaryLiteral, CustomStringConvertible {
    case text(String)
    case number(Int)
    case decimal(String)
    case list([JSONValue])
    case object([(String, JSONValue)])
    case boolean(Bool)
    case null

    package init(stringLiteral value: String) { self = .text(value) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(elements) }

    /// A duration as a number of seconds with three decimals.
    package static func seconds(_ duration: Duration) -> JSONValue {
        let milliseconds = Int64(duration / .milliseconds(1))
        let fraction = String(1000 + milliseconds % 1000).dropFirst()
        return .decimal("\(milliseconds / 1000).\(fraction)")
    }

    package var description: String {
        switch self {
        case .text(let text): JSONText.quoted(text)
        case .number(let number): "\(number)"
        case .decimal(let text): text
        case .list(let values): "[" + values.map(\.description).joined(separator: ",") + "]"
        case .object(let fields):
            "{" + fields.map { "\(JSONText.quoted($0)):\($1)" }.joined(separator: ",") + "}"
        case .boolean(let value): value ? "true" : "false"
        case .null: "null"
        }
    }
}
