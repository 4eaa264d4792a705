import COpenSSL

/// One PEM block (RFC 7468) as OpenSSL allocated it.
package struct PEMBlock: ~Copyable {
    private var namePointer: UnsafeMutablePointer<CChar>?
    private var header: UnsafeMutablePointer<CChar>?
    private var data: UnsafeMutablePointer<UInt8>?
    private var length = 0

    package init() {}

    deinit {
        CRYPTO_free(namePointer, #fileID, #line)
        CRYPTO_free(header, #fileID, #line)
        // It may have been a private key.
        CRYPTO_clear_free(data, length, #fileID, #line)
    }

    /// `CERTIFICATE`, `PRIVATE KEY` …
    package var name: String { namePointer.map { String(cString: $0) } ?? "" }

    /// Whether a passphrase is needed, in the way of PKCS #8 or in OpenSSL's older one.
    package var isEncrypted: Bool {
        name.hasPrefix("ENCRYPTED") || header.map { String(cString: $0).contains("ENCRYPTED") } ?? false
    }

    package mutating func read(from bio: OpaquePointer) -> Bool {
        ErrorQueue.clean { PEM_read_bio(bio, &namePointer, &header, &data, &length) } == 1
    }

    package func privateKey() -> OpaquePointer? {
        var bytes = data.map { UnsafePointer($0) }
        return ErrorQueue.clean { d2i_AutoPrivateKey(nil, &bytes, length) }
    }
}
