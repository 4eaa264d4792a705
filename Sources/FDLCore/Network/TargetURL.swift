/// Where one request goes: an origin, and a path with its query. A redirect may lead to any, so unlike a `SourceURL` it
/// need not end in a slash.
///
/// The query may hold a secret (a presigned URL's signature): it is no part of the description.
public struct TargetURL: Hashable, Sendable {
    public let origin: Origin
    /// Path and query as they stand in a request line, percent-encoded. It begins with `/`.
    package let pathAndQuery: String

    /// - Parameter pathAndQuery: begins with `/` and is made of visible ASCII.
    package init(origin: Origin, pathAndQuery: String) {
        self.origin = origin
        self.pathAndQuery = pathAndQuery
    }

    /// Resolves what a Location field says at this address (RFC 3986 section 5.2, RFC 9110 section 10.2.2). A fragment is
    /// dropped. Spaces and bytes outside ASCII, which servers do send, are percent-encoded.
    /// - Throws: `RedirectFault` for an address that is not followed.
    package func resolving(_ location: String) throws(RedirectFault) -> TargetURL {
        let reference = try Self.encoded(location).prefix { $0 != "#" }
        if let colon = Self.endOfScheme(reference) {
            let scheme = reference[..<colon].lowercased()
            let rest = reference[reference.index(after: colon)...]
            guard scheme != "http" else { throw .plainHTTP }
            guard scheme == "https" else { throw .scheme(String(scheme.prefix(32))) }
            guard rest.hasPrefix("//") else { throw .address(.invalidHost) }
            return try Self.absolute(rest.dropFirst(2))
        }
        if reference.hasPrefix("//") { return try Self.absolute(reference.dropFirst(2)) }
        return TargetURL(origin: origin, pathAndQuery: resolvedPath(reference))
    }

    /// The path alone.
    private var path: Substring { pathAndQuery.prefix { $0 != "?" } }

    private func resolvedPath(_ reference: Substring) -> String {
        let path = reference.prefix { $0 != "?" }
        let query = reference[path.endIndex...]
        if path.isEmpty { return query.isEmpty ? pathAndQuery : String(self.path + query) }
        if path.hasPrefix("/") { return Self.withoutDots(path) + query }
        let folder = self.path[...(self.path.lastIndex(of: "/") ?? self.path.startIndex)]
        return Self.withoutDots(folder + path) + query
    }

    /// What follows `https://`.
    private static func absolute(_ rest: Substring) throws(RedirectFault) -> TargetURL {
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let after = rest[authority.endIndex...]
        do throws(SourceURLError) {
            guard !authority.contains("@") else { throw .userinfo }
            let origin = try SourceURL.origin(of: authority)
            let path = after.prefix { $0 != "?" }
            let query = after[path.endIndex...]
            return TargetURL(origin: origin, pathAndQuery: (path.isEmpty ? "/" : withoutDots(path)) + query)
        } catch {
            throw .address(error)
        }
    }

    /// RFC 3986 section 5.2.4.
    /// - Parameter path: begins with `/`.
    private static func withoutDots(_ path: some StringProtocol) -> String {
        var kept: [Substring] = []
        let parts = Substring(path).split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        for (index, part) in zip(parts.indices, parts) {
            let isLast = index == parts.endIndex - 1
            switch part {
            case ".": if isLast { kept.append("") }
            case "..":
                _ = kept.popLast()
                if isLast { kept.append("") }
            default: kept.append(part)
            }
        }
        return "/" + kept.joined(separator: "/")
    }

    /// RFC 3986 section 3.1: a letter, then letters, digits, `+`, `-` and `.`, before a colon.
    private static func endOfScheme(_ reference: Substring) -> String.Index? {
        guard let colon = reference.firstIndex(of: ":"), let first = reference.first, first.isLetter else { return nil }
        let isScheme = reference[..<colon].allSatisfy { character in
            character.isLetter || character.isNumber || character == "+" || character == "-" || character == "."
        }
        return isScheme ? colon : nil
    }

    private static func encoded(_ text: String) throws(RedirectFault) -> String {
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "\\") }) else {
            throw .address(.invalidCharacter)
        }
        guard !text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else { return text }
        var result = ""
        for byte in text.utf8 {
            if (0x21...0x7e).contains(byte) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                result += "%" + Hex.string([byte]).uppercased()
            }
        }
        return result
    }
}

extension TargetURL: CustomStringConvertible {
    /// Without the query.
    public var description: String { "\(origin)\(path)" }
}
