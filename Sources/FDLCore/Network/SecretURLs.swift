// URLs carry secrets in two places: in a user name and password before the host, and in a query. Messages go to logs,
// so neither is ever shown. In a mistyped URL a secret may be anywhere. If it is unclear which part is secret, these
// functions show less rather than more.

/// A text that may contain URLs, with their user information, queries and fragments replaced by `…`.
package func withoutSecrets(_ text: String) -> String {
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    var rest = bytes[...]
    while let mark = rest.firstRange(of: schemeMark) {
        result += rest[..<mark.upperBound]
        rest = rest[mark.upperBound...]
        let end = rest.firstIndex { $0 <= 0x20 || $0 == UInt8(ascii: "\"") } ?? rest.endIndex
        // Punctuation at the end belongs to the sentence, not to the URL.
        let tail = rest[..<end].reversed().prefix { Array(":;,.)'".utf8).contains($0) }.count
        result += embedded(rest[..<(end - tail)])
        rest = rest[(end - tail)...]
    }
    return String(decoding: result + rest, as: UTF8.self)
}

/// A text that was given as a URL and refused, without secrets, for the error message.
package func shownURL(_ text: String) -> String {
    let bytes = Array(text.utf8)
    guard let mark = bytes[...].firstRange(of: schemeMark), bytes[..<mark.lowerBound].allSatisfy(isOfScheme) else {
        return String(decoding: typed(bytes[...]), as: UTF8.self)
    }
    return String(decoding: bytes[..<mark.upperBound] + typed(bytes[mark.upperBound...]), as: UTF8.self)
}

/// A command-line argument without secrets. If it looks like a URL, even a malformed one, its secrets are hidden;
/// anything else is shown unchanged.
package func shownArgument(_ text: String) -> String {
    if let field = shownField(text) { return field }
    if (try? SourceURL(text)) != nil { return text }
    let bytes = Array(text.utf8)
    let colon = bytes.firstIndex(of: UInt8(ascii: ":"))
    let at = bytes.lastIndex(of: UInt8(ascii: "@"))
    let hasUser = if let colon, let at { colon < at } else { false }
    let query = bytes.firstIndex(of: UInt8(ascii: "?"))
    let hasQuery = query.map { bytes[$0...].contains(UInt8(ascii: "=")) } ?? false
    let isURL = bytes[...].firstRange(of: schemeMark) != nil || text.lowercased().hasPrefix("https:")
    let isSuspect = hasUser || hasQuery || isURL
    return isSuspect ? shownURL(text) : text
}

/// A header field that was given where none belongs, without its value, which may be a token.
/// - Returns: nil for what is no `NAME: VALUE`.
package func shownField(_ text: String) -> String? {
    let bytes = Array(text.utf8)
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0,
        bytes[..<colon].allSatisfy(SecretField.isToken),
        colon + 1 < bytes.count, bytes[colon + 1] <= 0x20
    else { return nil }
    return String(decoding: bytes[...colon], as: UTF8.self) + " …"
}

private let schemeMark = Array("://".utf8)
private let hidden = Array("…".utf8)

private func isOfScheme(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
        // For `--option=https://…`.
        UInt8(ascii: "="):
        true
    default: false
    }
}

private func isSlash(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\") }
private func isQueryMark(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#") }
private func isAt(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "@") }

/// What follows `://` in a message, without secrets: most likely the URL of a source, whose path may contain `@`.
private func embedded(_ rest: ArraySlice<UInt8>) -> [UInt8] {
    let authority = rest.prefix { !isSlash($0) && !isQueryMark($0) }
    if authority.contains(where: isAt) { return typed(rest) }
    guard rest.contains(where: isAt) else { return withoutQuery(rest) }
    let path = rest[authority.endIndex...].prefix { !isQueryMark($0) }
    let isPlain = path.endIndex == rest.endIndex && portIsNumber(authority)
    return isPlain ? Array(rest) : typed(rest)
}

/// What a person typed after `://`, or without it, without secrets. A password may contain any character, even those
/// that normally end it.
private func typed(_ rest: ArraySlice<UInt8>) -> [UInt8] {
    let query = rest.firstIndex(where: isQueryMark)
    if let at = rest.lastIndex(where: isAt) {
        if let query, query < at { return hidden }
        return hidden + withoutQuery(rest[at...])
    }
    let shown = rest[..<(query ?? rest.endIndex)]
    let authority = shown.prefix { !isSlash($0) }
    guard portIsNumber(authority), !looksLikeUser(shown) else {
        let colon = rest.firstIndex(of: UInt8(ascii: ":")) ?? rest.startIndex
        return rest[...colon] + hidden
    }
    return withoutQuery(rest)
}

/// Whether there is more than one colon, as in the mistyped `https:/user:password`. An IPv6 address in brackets may
/// have several.
private func looksLikeUser(_ shown: ArraySlice<UInt8>) -> Bool {
    let colons = shown.filter { $0 == UInt8(ascii: ":") }.count
    return colons > 1 && shown.first != UInt8(ascii: "[")
}

private func withoutQuery(_ rest: ArraySlice<UInt8>) -> [UInt8] {
    guard let mark = rest.firstIndex(where: isQueryMark), mark + 1 < rest.endIndex else { return Array(rest) }
    return rest[...mark] + hidden
}

/// Whether what follows the host can only be a port.
private func portIsNumber(_ authority: ArraySlice<UInt8>) -> Bool {
    var port = authority
    if port.first == UInt8(ascii: "["), let end = port.firstIndex(of: UInt8(ascii: "]")) { port = port[(end + 1)...] }
    guard let colon = port.firstIndex(of: UInt8(ascii: ":")) else { return true }
    return port[(colon + 1)...].allSatisfy { (0x30...0x39).contains($0) }
}

extension ArraySlice<UInt8> {
    /// The range of the first occurrence of `text`.
    fileprivate func firstRange(of text: [UInt8]) -> Range<Int>? {
        guard count >= text.count else { return nil }
        return (startIndex...(endIndex - text.count)).first { self[$0...].starts(with: text) }
            .map { $0..<($0 + text.count) }
    }
}
