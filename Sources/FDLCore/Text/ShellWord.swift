/// A text as one word for a shell, as it is if it needs no quotes. Never taken for an option.
package func shellWord(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._/:".utf8.contains(byte)
        }
    }
    return isPlain && !text.isEmpty && !text.hasPrefix("-") ? text : "'" + text.replacing("'", with: #"'\''"#) + "'"
}
