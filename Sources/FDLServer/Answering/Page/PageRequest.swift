import FDLCore

/// What the query of a request for `/` asks of the page for people. What makes no sense counts as not asked.
struct PageRequest: Equatable {
    /// Lists of one publication's files for programs.
    enum List: String {
        /// For `sha256sum -c`.
        case sha256sums
        /// For `aria2c -i`.
        case aria2
    }

    /// The one publication that is meant; nil for all.
    var name: ManifestName?
    /// What names or paths have to contain; empty for everything.
    var filter = ""
    /// The first file to show, counted among those that the filter leaves.
    var from = 0
    var list: List?

    private static let longestFilter = 100

    init() {}

    /// - Parameter target: a request target (RFC 9112 section 3.2).
    init(target: String) {
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return }
        let query = target[target.utf8.index(after: mark)...].prefix { $0 != "#" }
        for field in query.split(separator: "&") {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let value = Self.value(parts[1]) else { continue }
            switch parts[0] {
            case "name": name = ManifestName(value)
            case "q": filter = String(value.prefix(Self.longestFilter).trimmingBlanks())
            case "from": from = Int(value).map { max(0, $0) } ?? 0
            case "as": list = List(rawValue: value)
            default: break
            }
        }
    }

    /// Undoes what a browser does to the value of a form's field.
    private static func value(_ text: Substring) -> String? {
        TreePath.percentDecoded(String(text.map { $0 == "+" ? " " : $0 }))
    }

    /// The target that asks for this page.
    var target: String {
        var fields: [String] = []
        if let name { fields.append("name=" + TreePath.percentEncoded(name.string)) }
        if !filter.isEmpty { fields.append("q=" + TreePath.percentEncoded(filter)) }
        if from > 0 { fields.append("from=\(from)") }
        if let list { fields.append("as=\(list.rawValue)") }
        return fields.isEmpty ? "/" : "/?" + fields.joined(separator: "&")
    }
}
