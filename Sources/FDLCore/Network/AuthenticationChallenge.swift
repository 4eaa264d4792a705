/// What a server wants to be shown, as a 401 says it: one challenge of a `WWW-Authenticate` field (RFC 9110 section
/// 11.6.1).
package struct AuthenticationChallenge: Hashable, Sendable {
    /// In lower case: `bearer`, `basic`.
    package let scheme: String
    /// By name in lower case. Of two with one name the first counts.
    package let parameters: [String: String]

    /// The challenges of all fields with that name, in order. What is not one, and whatever follows it in its field, is
    /// passed over.
    package static func all(in fields: [String]) -> [AuthenticationChallenge] {
        fields.flatMap { field in
            var reader = Reader(field)
            return reader.challenges()
        }
    }

    /// Reads one field.
    private struct Reader {
        private var rest: ArraySlice<UInt8>

        init(_ field: String) { rest = Array(field.utf8)[...] }

        mutating func challenges() -> [AuthenticationChallenge] {
            var result: [AuthenticationChallenge] = []
            skipCommas()
            while let scheme = token() {
                let hadBlanks = skipBlanks() > 0
                // A parameter that is broken off, or belongs to nothing.
                if rest.first == UInt8(ascii: "=") { break }
                var parameters: [String: String] = [:]
                if hadBlanks, !skipToken68() {
                    while let (name, value) = parameter() {
                        parameters[name] = parameters[name] ?? value
                        guard skipCommas() else { break }
                    }
                }
                result.append(AuthenticationChallenge(scheme: scheme.lowercased(), parameters: parameters))
                _ = skipCommas()
            }
            return result
        }

        /// - Returns: nil, and nothing is read, where no `name=value` stands.
        private mutating func parameter() -> (String, String)? {
            let start = rest
            if let name = token() {
                skipBlanks()
                if take(UInt8(ascii: "=")) {
                    skipBlanks()
                    if let value = rest.first == UInt8(ascii: "\"") ? quoted() : token() {
                        return (name.lowercased(), value)
                    }
                }
            }
            rest = start
            return nil
        }

        /// A credential in place of parameters, as Negotiate has it.
        private mutating func skipToken68() -> Bool {
            let start = rest
            let text = rest.prefix { SecretField.isToken($0) || $0 == UInt8(ascii: "/") }
            rest = rest[text.endIndex...].drop { $0 == UInt8(ascii: "=") }
            skipBlanks()
            if !text.isEmpty, rest.isEmpty || rest.first == UInt8(ascii: ",") { return true }
            rest = start
            return false
        }

        private mutating func token() -> String? {
            let text = rest.prefix(while: SecretField.isToken)
            rest = rest[text.endIndex...]
            return text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
        }

        /// RFC 9110 section 5.6.4.
        private mutating func quoted() -> String? {
            var text: [UInt8] = []
            rest = rest.dropFirst()
            while let byte = rest.popFirst() {
                switch byte {
                case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
                case UInt8(ascii: "\\"):
                    guard let next = rest.popFirst() else { return nil }
                    text.append(next)
                default: text.append(byte)
                }
            }
            return nil
        }

        private mutating func take(_ byte: UInt8) -> Bool {
            guard rest.first == byte else { return false }
            rest = rest.dropFirst()
            return true
        }

        @discardableResult
        private mutating func skipBlanks() -> Int {
            let blanks = rest.prefix { $0 == 0x20 || $0 == 0x09 }
            rest = rest[blanks.endIndex...]
            return blanks.count
        }

        /// - Returns: whether there was any.
        @discardableResult
        private mutating func skipCommas() -> Bool {
            var isAny = false
            repeat {
                skipBlanks()
                guard take(UInt8(ascii: ",")) else { return isAny }
                isAny = true
            } while true
        }
    }
}
