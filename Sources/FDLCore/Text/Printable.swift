/// Text from outside as it may be shown on one line: names and answers may hold control characters, and none of them
/// may end the line or move a terminal's cursor.
package func printable(_ text: String) -> String {
    let scalars = text.unicodeScalars.map { scalar -> Unicode.Scalar in
        if scalar == "\t" { return " " }
        return scalar.properties.generalCategory == .control ? "\u{fffd}" : scalar
    }
    return String(String.UnicodeScalarView(scalars))
}

/// The beginning of a text from outside, for a message that has to stay short.
package func shortened(_ text: String, to limit: Int = 200) -> String {
    let scalars = text.unicodeScalars
    return scalars.count <= limit ? text : String(String.UnicodeScalarView(scalars.prefix(limit))) + "…"
}

/// Bytes that need not be UTF-8, for a message: each byte that is part of no character as `\xNN`.
package func escaped(_ bytes: some Collection<UInt8>) -> String {
    var result = ""
    var rest = Array(bytes)[...]
    while let first = rest.first {
        let valid = (1...4).lazy.filter { $0 <= rest.count }.compactMap { length in
            String(validating: rest.prefix(length), as: UTF8.self).map { (text: $0, length: length) }
        }.first
        result += valid?.text ?? "\\x" + Hex.string([first])
        rest = rest.dropFirst(valid?.length ?? 1)
    }
    return result
}
