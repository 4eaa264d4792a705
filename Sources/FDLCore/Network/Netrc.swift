/// The logins of a netrc file, by host.
///
/// A file is read as curl reads it: words between white space, `"` around a word that holds some, `#` at the beginning of
/// a line for a comment. `macdef` is skipped up to the next empty line. `default` is ignored: a login goes to a host that
/// is named, and to no other.
public struct Netrc: Sendable {
    /// A file without logins.
    public static let empty = Netrc([])

    /// The most bytes of a file.
    package static let maximumBytes = 1 << 20

    private var logins: [String: Login] = [:]

    /// A user name and a password.
    package struct Login: Hashable, Sendable {
        package let user: SecretText
        package let password: SecretText

        /// The value of an `Authorization` field of the Basic scheme (RFC 7617).
        package var basic: SecretText {
            SecretText("Basic " + Base64.encode(Array("\(user.revealed):\(password.revealed)".utf8)))
        }
    }

    /// - Parameter bytes: the file's content. Unknown words are ignored.
    public init(_ bytes: [UInt8]) {
        var words = Words(bytes)
        var entry: Entry?
        while let word = words.next() {
            switch word {
            case "machine":
                keep(entry)
                entry = words.next().map { Entry(host: $0.lowercased()) }
            case "default":
                keep(entry)
                entry = nil
            case "login": entry.set(\.user, words.next())
            case "password": entry.set(\.password, words.next())
            case "account": _ = words.next()
            case "macdef": words.skipMacro()
            default: break
            }
        }
        keep(entry)
    }

    var isEmpty: Bool { logins.isEmpty }

    /// - Parameter host: as a URL has it, in lower case.
    /// - Returns: nil if the file does not name this very host.
    package func login(for host: String) -> Login? { logins[host] }

    /// The first entry of a host counts.
    private mutating func keep(_ entry: Entry?) {
        guard let entry, let user = entry.user, logins[entry.host] == nil else { return }
        logins[entry.host] = Login(user: SecretText(user), password: SecretText(entry.password ?? ""))
    }

    fileprivate struct Entry {
        let host: String
        var user: String?
        var password: String?
    }

    /// The words of a file, one after the other.
    private struct Words {
        private var rest: ArraySlice<UInt8>
        private var isAtLineStart = true

        init(_ bytes: [UInt8]) { rest = bytes[...] }

        mutating func next() -> String? {
            skipBlanksAndComments()
            guard let first = rest.first else { return nil }
            isAtLineStart = false
            return first == UInt8(ascii: "\"") ? quoted() : plain()
        }

        /// A macro ends with an empty line, or with the file.
        mutating func skipMacro() {
            var line: [UInt8] = [0]
            while !rest.isEmpty, !line.isEmpty {
                line = Array(rest.prefix { $0 != UInt8(ascii: "\n") })
                rest = rest.dropFirst(line.count + 1)
                if line.last == UInt8(ascii: "\r") { line.removeLast() }
            }
            isAtLineStart = true
        }

        private mutating func skipBlanksAndComments() {
            while let byte = rest.first {
                switch byte {
                case UInt8(ascii: "\n"): isAtLineStart = true
                case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): break
                case UInt8(ascii: "#") where isAtLineStart:
                    rest = rest.drop { $0 != UInt8(ascii: "\n") }
                    continue
                default: return
                }
                rest = rest.dropFirst()
            }
        }

        private mutating func plain() -> String {
            let word = rest.prefix { $0 > 0x20 }
            // A control character is not a word: it is skipped.
            rest = rest.dropFirst(max(1, word.count))
            return String(decoding: word, as: UTF8.self)
        }

        private mutating func quoted() -> String {
            var word: [UInt8] = []
            rest = rest.dropFirst()
            while let byte = rest.popFirst(), byte != UInt8(ascii: "\"") {
                guard byte == UInt8(ascii: "\\"), let next = rest.popFirst() else {
                    word.append(byte)
                    continue
                }
                switch next {
                case UInt8(ascii: "n"): word.append(0x0a)
                case UInt8(ascii: "r"): word.append(0x0d)
                case UInt8(ascii: "t"): word.append(0x09)
                default: word.append(next)
                }
            }
            return String(decoding: word, as: UTF8.self)
        }
    }
}

extension Netrc.Entry? {
    /// Does nothing outside an entry.
    fileprivate mutating func set(_ member: WritableKeyPath<Netrc.Entry, String?>, _ word: String?) {
        guard var entry = self else { return }
        entry[keyPath: member] = word
        self = entry
    }
}
