/// What a source was asked for, and with which options. A hint depends on it: it names an option that helps and that
/// was not used already.
package struct SourceContext: Sendable, Hashable {
    package var use: Use
    package var authorities: Authorities
    /// Whether a client certificate was given (`--cert`).
    package var showsCertificate: Bool
    /// Whether a login, a token or a query of the reader's goes with each request.
    package var showsLogin = false
    /// What to do instead, where that is not what the use says.
    package var instead: String?

    /// What a source is asked for.
    package enum Use: Sendable, Hashable {
        case chunks
        /// A manifest, from the server at this host and port.
        case manifest(authority: String)
    }

    /// The certificate authorities that a source's certificate is checked against.
    package enum Authorities: Sendable, Hashable, CaseIterable {
        /// Those of the system.
        case system
        /// Only those given (`--cacert`).
        case given
        /// Those of the system and those that the manifest names.
        case manifest
        /// Those of the system, though the manifest names others: what is secret goes with each request.
        case systemForSecrets
    }

    package init(_ use: Use = .chunks, authorities: Authorities = .system, showsCertificate: Bool = false) {
        self.use = use
        self.authorities = authorities
        self.showsCertificate = showsCertificate
    }

    /// What to do instead if this source cannot help.
    var elsewhere: String {
        if let instead { return instead }
        return switch use {
        case .chunks: "add a source with --server or --mirror"
        case .manifest: "name a manifest file on this machine"
        }
    }
}
