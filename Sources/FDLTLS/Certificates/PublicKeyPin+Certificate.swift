import COpenSSL
import FDLCore

extension PublicKeyPin {
    /// The pin of a certificate's key; nil only if OpenSSL is out of memory.
    init?(certificate: OpaquePointer) {
        var der: UnsafeMutablePointer<UInt8>?
        let length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der)
        guard length > 0, let der else { return nil }
        defer { CRYPTO_free(der, #fileID, #line) }
        let digest = withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { out -> SHA256Digest? in
            let bytes = out.baseAddress?.assumingMemoryBound(to: UInt8.self)
            guard EVP_Digest(der, Int(length), bytes, nil, EVP_sha256(), nil) == 1 else { return nil }
            return SHA256Digest(bytes: UnsafeRawBufferPointer(out))
        }
        guard let digest else { return nil }
        self.init(digest: digest)
    }
}
