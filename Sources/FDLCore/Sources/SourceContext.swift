/// What a source was asked for, and what had been given to reach it. What helps depends on it: a hint names the option
/// that does, and none that was used already.
package struct SourceContext: Sendable, Hashable {
    package var use: Use
    package var authorities: Authorities
    /// Whether there is a client certificate to show.
    package var showsCertificate: Bool

    /// What a source is asked for.
    package enum Use: Sendable, Hashable {
        case chunks
        /// A manifest, of the server at this host and port.
        case manifest(authority: String)
    }

    /// By which certificates a source may be known.
    package enum Authorities: Sendable, Hashable, CaseIterable {
        /// Those of the system.
        case system
        /// Those given, and no others.
        case given
        /// Those of the system and those that the manifest names.
        case manifest
    }

    package init(_ use: Use = .chunks, authorities: Authorities = .system, showsCertificate: Bool = false) {
        self.use = use
        self.authorities = authorities
        self.showsCertificate = showsCertificate
    }

    /// What else there is to do where this source will not.
    var elsewhere: String {
        switch use {
        case .chunks: "add a source with --server or --mirror"
        case .manifest: "name a manifest file on this machine"
        }
    }
}
