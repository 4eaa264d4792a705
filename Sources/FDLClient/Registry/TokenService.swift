import FDLCore

/// Where a registry has its tokens given, and what for, as the challenge of a 401 says it (the distribution project's
/// "Token Authentication Specification").
struct TokenService: Hashable, Sendable {
    /// The realm, with `service` and `scope` in its query.
    let url: TargetURL

    /// - Parameters:
    ///   - registry: the address that the challenge came from.
    ///   - pushes: whether the token is to be good for pushing too, whatever the request was that brought the challenge.
    /// - Throws: `TokenFault` for a service that is not asked.
    init(_ challenge: AuthenticationChallenge, of registry: TargetURL, pushes: Bool = false) throws(TokenFault) {
        guard let realm = challenge.parameters["realm"], realm.contains("://") else {
            throw .address(isPlainHTTP: false)
        }
        let base: TargetURL
        do throws(RedirectFault) { base = try registry.resolving(realm) } catch {
            throw .address(isPlainHTTP: error == .plainHTTP)
        }
        var items: [String] = []
        if let service = challenge.parameters["service"] { items.append("service=" + Self.encoded(service)) }
        for scope in (challenge.parameters["scope"] ?? "").split(separator: " ") {
            items.append("scope=" + Self.encoded(pushes ? Self.pushing(scope) : String(scope)))
        }
        let (path, query) = (base.pathAndQuery, items.joined(separator: "&"))
        let joint = path.contains("?") ? "&" : "?"
        url = TargetURL(origin: base.origin, pathAndQuery: query.isEmpty ? path : path + joint + query)
    }

    /// `repository:NAME:pull,push` for any actions in a repository.
    private static func pushing(_ scope: Substring) -> String {
        guard scope.hasPrefix("repository:"), let colon = scope.lastIndex(of: ":") else { return String(scope) }
        return scope[..<colon] + ":pull,push"
    }

    /// RFC 3986 section 2.3: all but what is unreserved is percent-encoded.
    private static func encoded(_ text: String) -> String {
        text.utf8.reduce(into: "") { result, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default: result += "%" + Hex.string([byte]).uppercased()
            }
        }
    }
}

/// What a token service answers: `{"token": "…"}`, or `access_token` as OAuth 2.0 has it.
enum TokenAnswer {
    /// In bytes.
    static let maximumBytes = 64 << 10
    /// In bytes. Servers take no longer fields.
    private static let longestToken = 16 << 10

    /// Why an answer has no token that can be used, for a message: none of the answer is in it.
    struct Refusal: Error, Hashable {
        let reason: String
    }

    static func token(in bytes: [UInt8]) throws(Refusal) -> SecretText {
        var token: String?
        var accessToken: String?
        let isJSON = bytes.withUnsafeBytes { raw in
            var reader = JSONReader(raw)
            reader.skipWhitespace()
            do throws(ManifestError) {
                try reader.object("the answer") { (name, reader) throws(ManifestError) in
                    switch name {
                    case "token": token = try reader.string(name)
                    case "access_token": accessToken = try reader.string(name)
                    default: try reader.skipValue()
                    }
                }
                try reader.end()
                return true
            } catch {
                return false
            }
        }
        guard isJSON else { throw Refusal(reason: "its answer is not JSON with a token") }
        guard let found = token ?? accessToken, !found.isEmpty else { throw Refusal(reason: "its answer has none") }
        guard found.utf8.count <= longestToken, found.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw Refusal(reason: "what its answer has cannot be sent in a header field")
        }
        return SecretText(found)
    }
}
