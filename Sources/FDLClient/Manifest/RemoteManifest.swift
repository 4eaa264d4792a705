public import FDLCore
public import FDLCrypto
public import FDLTLS
public import FDLTrust

/// A manifest at a URL, and the signatures beside it.
public struct RemoteManifest: ManifestPlace {
    private let url: String
    private let tls: TLSClientConfiguration
    private let access: SourceAccess
    private let led: @Sendable (Origin) -> Void

    /// - Parameters:
    ///   - url: as `ManifestFetch.fetch` takes it.
    ///   - led: told of each other origin that a redirect leads to.
    public init(
        _ url: String,
        tls: TLSClientConfiguration,
        access: SourceAccess = SourceAccess(),
        led: @escaping @Sendable (Origin) -> Void = { _ in }
    ) {
        self.url = url
        self.tls = tls
        self.access = access
        self.led = led
    }

    public func read() async throws(Failure) -> SignedBytes {
        try await ManifestFetch.fetch(url, tls: tls, access: access, led: led)
    }

    public func signature(by key: KeyID) async throws(Failure) -> [UInt8]? {
        try await ManifestFetch.signature(of: url, by: key, tls: tls, access: access)
    }
}
