import FDLCore
import NIOHTTP1

/// What tells one state of a representation from another.
struct Validators: Equatable {
    /// A strong entity tag, with its quotes (RFC 9110 section 8.8.3).
    var entityTag: String
    /// Nil for what never changes.
    var lastModified: UTCTime?
}

/// The conditional fields of a request, in the order of precedence of RFC 9110 section 13.2.2.
enum Preconditions {
    enum Outcome: Equatable {
        case proceed
        /// 304, with the entity tag that matched.
        case notModified(entityTag: String)
        /// 412.
        case failed
    }

    /// - Parameter alternatives: the entity tags of other representations that the request accepts as well: if the
    ///   client has one of them already, nothing needs to be sent.
    static func evaluate(
        _ headers: HTTPHeaders,
        _ validators: Validators,
        alternatives: [String] = [],
        now: UTCTime
    ) -> Outcome {
        let tags = [validators.entityTag] + alternatives
        func date(_ name: String) -> UTCTime? { headers.first(name: name).flatMap { HTTPDate.parse($0, now: now) } }

        let wanted = headers[canonicalForm: "if-match"]
        if !wanted.isEmpty {
            // Strong comparison: a weak tag matches nothing.
            guard matches(wanted, tags, weakly: false) != nil else { return .failed }
        } else if let since = date("if-unmodified-since"), let modified = validators.lastModified, modified > since {
            return .failed
        }

        let known = headers[canonicalForm: "if-none-match"]
        if !known.isEmpty {
            return matches(known, tags, weakly: true).map { .notModified(entityTag: $0) } ?? .proceed
        }
        if let since = date("if-modified-since"), let modified = validators.lastModified, modified <= since {
            return .notModified(entityTag: validators.entityTag)
        }
        return .proceed
    }

    /// Whether a `Range` is to be obeyed (RFC 9110 section 13.1.5): `If-Range` is absent or names the current state.
    static func rangeApplies(_ headers: HTTPHeaders, _ validators: Validators, now: UTCTime) -> Bool {
        guard let condition = headers.first(name: "if-range")?.trimmingBlanks() else { return true }
        if condition.hasPrefix("\"") { return condition == validators.entityTag }
        // A date tells states apart only if the last change is at least a second old (section 8.8.2.2): with times in
        // whole seconds, a difference of 2.
        guard let modified = validators.lastModified, now.secondsSince1970 - modified.secondsSince1970 >= 2 else {
            return false
        }
        return HTTPDate.parse(String(condition), now: now) == modified
    }

    private static func matches(_ fields: [Substring], _ tags: [String], weakly: Bool) -> String? {
        for element in fields.flatMap({ $0.split(separator: ",") }) {
            var candidate = element.trimmingBlanks()
            if candidate == "*" { return tags.first }
            if candidate.hasPrefix("W/") {
                guard weakly else { continue }
                candidate = candidate.dropFirst(2)
            }
            if let tag = tags.first(where: { $0 == candidate }) { return tag }
        }
        return nil
    }
}
