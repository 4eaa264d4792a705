/// Text from outside as it may be shown on one line: names and answers may hold control characters, and none of them
/// may end the line or move a terminal's cursor.
public func printable(_ text: String) -> String {
    let scalars = text.unicodeScalars.map { scalar -> Unicode.Scalar in
        if scalar == "\t" { return " " }
        return scalar.properties.generalCategory == .control ? "\u{fffd}" : scalar
    }
    return String(String.UnicodeScalarView(scalars))
}

/// The beginning of a text from outside, for a message that has to stay short.
public func shortened(_ text: String, to limit: Int = 200) -> String {
    let scalars = text.unicodeScalars
    return scalars.count <= limit ? text : String(String.UnicodeScalarView(scalars.prefix(limit))) + "…"
}
