import FDLCore
import FDLTLS

extension SourceContext {
    /// - Parameter tls: the trust roots that the source is checked against, and the client certificate shown to it.
    init(_ use: Use, _ tls: TLSClientConfiguration) {
        let authorities: Authorities =
            switch tls.trustRoots {
            case .system: .system
            case .pem: .given
            case .systemAnd: .manifest
            }
        self.init(use, authorities: authorities, showsCertificate: tls.certificateChainPath != nil)
    }
}

extension TLSContext {
    /// Makes a client's context.
    /// - Throws: `Failure` (78) if the configuration cannot be used.
    static func client(
        _ configuration: TLSClientConfiguration,
        for use: SourceContext.Use
    ) throws(Failure) -> TLSContext {
        do throws(TLSError) { return try client(configuration) } catch {
            throw error.failure(in: SourceContext(use, configuration))
        }
    }
}
