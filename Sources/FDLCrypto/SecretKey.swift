import COpenSSL
import FDLOpenSSL

/// A publisher's Ed25519 secret key (RFC 8032).
// Sendable although it holds a pointer: an EVP_PKEY is not changed after it is made here, and OpenSSL lets several
// threads use one at a time.
public struct SecretKey: ~Copyable, @unchecked Sendable {
    public let publicKey: PublicKey
    private let backing: Backing

    /// Who knows the secret.
    private enum Backing {
        case here(OpaquePointer)
        /// Somebody else, who signs messages.
        case elsewhere(@Sendable ([UInt8]) throws(KeyError) -> [UInt8])
    }

    /// A key whose secret is elsewhere, in an agent for instance.
    /// - Parameter signing: makes the 64 bytes of a message's Ed25519 signature.
    package init(
        publicKey: PublicKey,
        signing: @escaping @Sendable (_ message: [UInt8]) throws(KeyError) -> [UInt8]
    ) {
        self.publicKey = publicKey
        backing = .elsewhere(signing)
    }

    /// Takes over `key`, also if it throws.
    /// - Parameter id: that of a key that has one of its own, as minisign's have; nil for one of our kind.
    init(owning key: OpaquePointer, id: KeyID? = nil) throws(KeyError) {
        guard EVP_PKEY_get_id(key) == EVP_PKEY_ED25519 else {
            EVP_PKEY_free(key)
            throw .notEd25519
        }
        var bytes = [UInt8](repeating: 0, count: PublicKey.byteCount)
        var count = bytes.count
        guard EVP_PKEY_get_raw_public_key(key, &bytes, &count) == 1, count == bytes.count,
            let publicKey = PublicKey(bytes: bytes)
        else {
            EVP_PKEY_free(key)
            throw .openSSL(OpenSSLError(operation: "derive the public key", reason: ""))
        }
        self.publicKey = id.map { PublicKey(bytes, id: $0) } ?? publicKey
        backing = .here(key)
    }

    deinit { if case .here(let key) = backing { EVP_PKEY_free(key) } }

    /// Makes a new key.
    public static func generate() throws(KeyError) -> SecretKey {
        let key: OpaquePointer
        do {
            let context = try openSSL("make a key") { EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nil) }
            defer { EVP_PKEY_CTX_free(context) }
            try openSSL("make a key", returnsOne: { EVP_PKEY_keygen_init(context) })
            var made: OpaquePointer?
            key = try openSSL("make a key") { EVP_PKEY_keygen(context, &made) == 1 ? made : nil }
        } catch {
            throw .openSSL(error)
        }
        return try SecretKey(owning: key)
    }

    /// The Ed25519 signature of `message`: 64 bytes.
    func signature(of message: [UInt8]) throws(OpenSSLError) -> [UInt8] {
        let key: OpaquePointer
        switch backing {
        case .here(let pointer): key = pointer
        case .elsewhere(let sign):
            let signature: [UInt8]
            do throws(KeyError) { signature = try sign(message) } catch {
                throw OpenSSLError(operation: "sign", reason: "the key \(error)")
            }
            guard publicKey.isSignature(signature, of: message) else {
                throw OpenSSLError(operation: "sign", reason: "what was returned is not the key's signature")
            }
            return signature
        }
        let context = try openSSL("sign") { EVP_MD_CTX_new() }
        defer { EVP_MD_CTX_free(context) }
        try openSSL("sign", returnsOne: { EVP_DigestSignInit(context, nil, nil, nil, key) })
        var signature = [UInt8](repeating: 0, count: MinisignSignature.signatureByteCount)
        var count = signature.count
        try openSSL("sign", returnsOne: { EVP_DigestSign(context, &signature, &count, message, message.count) })
        return signature
    }
}

// MARK: - PEM

extension SecretKey {
    /// Reads a key in PEM, as `openssl genpkey -algorithm ed25519` writes it.
    /// - Parameter passphrase: for an encrypted one.
    public init(pem: [UInt8], passphrase: [UInt8]? = nil) throws(KeyError) {
        var request = PassphraseRequest(passphrase: passphrase)
        let key: OpaquePointer
        do {
            let input = try OwnedBIO(copying: pem, to: "read a key")
            key = try openSSL("read a key") {
                withUnsafeMutablePointer(to: &request) {
                    PEM_read_bio_PrivateKey(input.pointer, nil, PassphraseRequest.answer, $0)
                }
            }
        } catch {
            guard request.wasAsked else { throw .notASecretKey(error.reason) }
            throw passphrase == nil ? .passphraseMissing : .passphraseWrong
        }
        try self.init(owning: key)
    }

    /// The key in PEM: PKCS#8 (RFC 5958), under a passphrase by scrypt (RFC 7914) and AES-256 in CBC, as
    /// `openssl pkcs8 -topk8 -scrypt` does.
    public func pem(passphrase: [UInt8]? = nil) throws(KeyError) -> [UInt8] {
        do throws(OpenSSLError) {
            guard case .here(let key) = backing else {
                throw OpenSSLError(operation: "write a key", reason: "its secret is not here")
            }
            let output = try OwnedBIO(to: "write a key")
            let plain = try openSSL("write a key") { EVP_PKEY2PKCS8(key) }
            defer { PKCS8_PRIV_KEY_INFO_free(plain) }
            if let passphrase {
                let sealed = try Self.seal(plain, passphrase: passphrase)
                defer { X509_SIG_free(sealed) }
                try openSSL("write a key", returnsOne: { PEM_write_bio_PKCS8(output.pointer, sealed) })
            } else {
                try openSSL("write a key", returnsOne: { PEM_write_bio_PKCS8_PRIV_KEY_INFO(output.pointer, plain) })
            }
            return try output.written("write a key")
        } catch {
            throw .openSSL(error)
        }
    }

    private static func seal(_ plain: OpaquePointer, passphrase: [UInt8]) throws(OpenSSLError) -> OpaquePointer {
        // The cost that openssl's -scrypt takes: 16 MiB, some 50 ms.
        let method = try openSSL("encrypt a key") {
            PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), nil, 0, nil, 16384, 8, 1)
        }
        let text = passphrase.map { CChar(bitPattern: $0) }
        do {
            return try openSSL("encrypt a key") { PKCS8_set0_pbe(text, Int32(clamping: text.count), plain, method) }
        } catch {
            // Only success hands the method over.
            X509_ALGOR_free(method)
            throw error
        }
    }
}

/// Answers OpenSSL's question for a passphrase, so that it never asks on the terminal by itself.
private struct PassphraseRequest {
    let passphrase: [UInt8]?
    private(set) var wasAsked = false

    init(passphrase: [UInt8]?) {
        self.passphrase = passphrase
    }

    static let answer: @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 =
        {
            buffer,
            capacity,
            _,
            context in
            guard let context, let buffer else { return -1 }
            let request = context.assumingMemoryBound(to: PassphraseRequest.self)
            request.pointee.wasAsked = true
            guard let passphrase = request.pointee.passphrase, passphrase.count <= capacity else { return -1 }
            for (index, byte) in passphrase.enumerated() { buffer[index] = CChar(bitPattern: byte) }
            return Int32(passphrase.count)
        }
}
