/// The SHA-256 of a certificate's SubjectPublicKeyInfo, written `sha256//BASE64` as curl writes it.
///
/// It outlives renewal of the certificate as long as the key stays. A pin is checked in addition to chain and name.
public struct PublicKeyPin: Hashable, Sendable, CustomStringConvertible {
    private static let prefix = "sha256//"

    /// SHA-256 of the DER of the SubjectPublicKeyInfo (RFC 7469 section 2.4 hashes the same bytes).
    public let digest: SHA256Digest

    public init(digest: SHA256Digest) {
        self.digest = digest
    }

    /// Reads `sha256//` and the digest in base64 with padding.
    /// - Returns: nil for any other spelling.
    public init?(_ text: some StringProtocol) {
        guard text.hasPrefix(Self.prefix),
            let bytes = Base64.decode(text.dropFirst(Self.prefix.count)),
            let digest = bytes.withUnsafeBytes({ SHA256Digest(bytes: $0) })
        else { return nil }
        self.digest = digest
    }

    public var description: String { Self.prefix + Base64.encode(digest.bytes) }
}
