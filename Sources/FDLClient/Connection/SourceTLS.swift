import FDLCore
import FDLTLS

/// The TLS contexts of a run, chosen by origin. If requests to it contain a secret, an authority that only the manifest
/// names does not count.
struct SourceTLS: Sendable {
    private let usual: TLSContext
    private let forSecrets: TLSContext
    private let pinned: [Origin: TLSContext]
    private let credentials: Credentials

    /// - Throws: `Failure` (78) if what was given cannot be used.
    init(
        _ configuration: TLSClientConfiguration,
        _ access: SourceAccess,
        for use: SourceContext.Use
    ) throws(Failure) {
        credentials = access.credentials
        usual = try TLSContext.client(configuration, for: use)
        if case .systemAnd = configuration.trustRoots {
            var own = configuration
            own.trustRoots = .system
            forSecrets = try TLSContext.client(own, for: use)
        } else {
            forSecrets = usual
        }
        var pinned: [Origin: TLSContext] = [:]
        for (origin, pins) in access.pins where !pins.isEmpty {
            var own = configuration
            own.leafPins = pins
            pinned[origin] = try TLSContext.client(own, for: use)
        }
        self.pinned = pinned
    }

    /// The context of the connections to a source.
    func context(for url: SourceURL) -> TLSContext {
        pinned[url.origin] ?? (credentials.areShown(to: url) ? forSecrets : usual)
    }
}

extension SourceContext {
    /// What had been given to reach this source.
    init(_ use: Use, _ tls: TLSClientConfiguration, of url: SourceURL, _ credentials: Credentials) {
        self.init(use, tls)
        showsLogin = credentials.areShown(to: url)
        if showsLogin, authorities == .manifest { authorities = .systemForSecrets }
    }
}
