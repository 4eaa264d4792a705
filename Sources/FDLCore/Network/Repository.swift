/// A repository of an OCI registry (OCI distribution specification), by its address.
package struct Repository: Hashable, Sendable {
    /// `https://HOST/v2/NAME/`, with a query if the reader gave one.
    package let url: SourceURL
    /// What the registry calls it: `library/data`.
    package let name: String

    /// Reads `https://HOST/v2/NAME/`, or `oci://HOST/NAME`, which is short for it.
    /// - Throws: `RepositoryError`.
    package init(_ text: String, allowingQuery: Bool = false) throws(RepositoryError) {
        let long = Self.withoutShortScheme(text).map { authorityAndName in
            let slash = authorityAndName.firstIndex(of: "/") ?? authorityAndName.endIndex
            return "https://\(authorityAndName[..<slash])\(Self.base)\(authorityAndName[slash...].dropFirst())"
        }
        do throws(SourceURLError) {
            url = try SourceURL(long ?? text, allowingQuery: allowingQuery)
        } catch {
            throw long != nil && error == .notHTTPS ? .url(.invalidHost) : .url(error)
        }
        // Some registries have all of it below a path of their own.
        guard let base = url.path.firstRange(of: Self.base) else { throw .noBase }
        name = String(url.path[base.upperBound...].dropLast())
        guard Self.isName(name) else { throw .name }
    }

    private static let base = "/v2/"

    /// - Returns: nil if it does not begin with `oci://`.
    private static func withoutShortScheme(_ text: String) -> Substring? {
        let scheme = "oci://"
        return text.lowercased().hasPrefix(scheme) ? text.dropFirst(scheme.count) : nil
    }

    /// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`, several with slashes between them.
    static func isName(_ text: String) -> Bool {
        guard text.utf8.count <= 255 else { return false }
        return text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
            var separators = ""
            var isAfterLetter = false
            for character in part {
                switch character {
                case "a"..."z", "0"..."9":
                    guard separators.isEmpty || isAfterLetter && isSeparator(separators) else { return false }
                    separators = ""
                    isAfterLetter = true
                default: separators.append(character)
                }
            }
            return isAfterLetter && separators.isEmpty
        }
    }

    private static func isSeparator(_ text: String) -> Bool {
        [".", "_", "__"].contains(text) || text.allSatisfy { $0 == "-" }
    }

    /// The path of a blob below `url`.
    package static func blob(_ digest: SHA256Digest) -> String { "blobs/sha256:\(digest)" }
}

extension Repository: CustomStringConvertible {
    package var description: String { "\(url)" }
}

/// Why a text is not the address of a repository.
package enum RepositoryError: Error, Hashable, Sendable, CustomStringConvertible {
    case url(SourceURLError)
    /// There is no `/v2/` in its path.
    case noBase
    /// What follows `/v2/` is not a repository's name.
    case name

    package var description: String {
        switch self {
        case .url(let error): "\(error)"
        case .noBase: "its path has no /v2/, below which a registry has its repositories"
        case .name:
            "its repository's name is not of a-z and 0-9, with single . - _ between them and / between its parts"
        }
    }
}
