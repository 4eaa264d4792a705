import FDLCore
import FDLTLS

/// The TLS contexts of a run, chosen by origin. If requests to it contain a secret, an authority that only the manifest
/// names does not count.
struct SourceTLS: Sendable {
    /// For the sources themselves.
    private let own: Contexts
    /// For where redirects lead: a client certificate and a manifest's pins are meant for the sources.
    private let elsewhere: Contexts
    private let credentials: Credentials

    /// - Throws: `Failure` (78) if what was given cannot be used.
    init(
        _ configuration: TLSClientConfiguration,
        _ access: SourceAccess,
        for use: SourceContext.Use
    ) throws(Failure) {
        credentials = access.credentials
        own = try Contexts(configuration, access.pins, for: use)
        let isSame = configuration.pins.isEmpty && configuration.certificateChainPath == nil
        let bare = TLSClientConfiguration(trustRoots: configuration.trustRoots)
        elsewhere = isSame ? own : try Contexts(bare, access.pins, for: use)
    }

    /// The context of the connections to a source, or to where its redirects have led.
    func context(for origin: Origin, of url: SourceURL) -> TLSContext {
        guard origin != url.origin else { return own.context(for: origin, isSecret: credentials.areShown(to: url)) }
        return elsewhere.context(for: origin, isSecret: !credentials.fields(for: origin).isEmpty)
    }

    private struct Contexts {
        let usual: TLSContext
        let forSecrets: TLSContext
        let pinned: [Origin: TLSContext]

        init(
            _ configuration: TLSClientConfiguration,
            _ pins: [Origin: [PublicKeyPin]],
            for use: SourceContext.Use
        ) throws(Failure) {
            usual = try TLSContext.client(configuration, for: use)
            if case .systemAnd = configuration.trustRoots {
                var own = configuration
                own.trustRoots = .system
                forSecrets = try TLSContext.client(own, for: use)
            } else {
                forSecrets = usual
            }
            var pinned: [Origin: TLSContext] = [:]
            for (origin, pins) in pins where !pins.isEmpty {
                var own = configuration
                own.leafPins = pins
                pinned[origin] = try TLSContext.client(own, for: use)
            }
            self.pinned = pinned
        }

        func context(for origin: Origin, isSecret: Bool) -> TLSContext {
            pinned[origin] ?? (isSecret ? forSecrets : usual)
        }
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
