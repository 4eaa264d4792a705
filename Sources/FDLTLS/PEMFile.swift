import COpenSSL
import Glibc

/// An X.509 certificate.
struct Certificate: ~Copyable {
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        X509_free(pointer)
    }
}

/// A private key.
struct PrivateKey: ~Copyable {
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        EVP_PKEY_free(pointer)
    }

    /// Whether the certificate's public key is this key's.
    func belongs(to certificate: borrowing Certificate) -> Bool {
        ErrorQueue.clean { X509_check_private_key(certificate.pointer, pointer) } == 1
    }
}

/// A text of PEM blocks, read one after the other, from a file or from memory.
struct PEMReader: ~Copyable {
    private let bio: OpaquePointer
    private let origin: String

    /// Opens a file.
    /// - Throws: `missing` where there is none, `.unreadableFile` where it cannot be opened.
    init(path: String, missing: TLSError) throws(TLSError) {
        guard let bio = ErrorQueue.clean({ BIO_new_file(path, "r") }) else {
            let system = ErrorQueue.drain().first { $0.library == ERR_LIB_SYS }
            if let system, system.reason == ENOENT || system.reason == ENOTDIR { throw missing }
            throw .unreadableFile(path: path, reason: system?.text ?? "cannot be opened")
        }
        self.bio = bio
        self.origin = path
    }

    /// Reads a copy of `bytes`; `origin` names them in errors.
    init(bytes: [UInt8], origin: String) throws(TLSError) {
        guard let length = Int32(exactly: bytes.count),
            let bio = ErrorQueue.clean({ BIO_new(BIO_s_mem()) })
        else { throw .library(reason: "no memory for PEM") }
        guard length == 0 || BIO_write(bio, bytes, length) == length else {
            BIO_free(bio)
            throw .library(reason: "no memory for PEM")
        }
        self.bio = bio
        self.origin = origin
    }

    deinit {
        BIO_free(bio)
    }

    /// The next certificate, blocks of other kinds skipped; nil at the end.
    mutating func nextCertificate() throws(TLSError) -> Certificate? {
        guard let certificate = ErrorQueue.clean({ PEM_read_bio_X509(bio, nil, nil, nil) }) else {
            try throwUnlessAtEnd()
            return nil
        }
        return Certificate(owning: certificate)
    }

    /// The next private key, blocks of other kinds skipped; nil at the end.
    ///
    /// Blocks are told apart by their names here: OpenSSL's own reader would ask for passphrases at the terminal, and
    /// does not tell a file without a key from one with a damaged key.
    mutating func nextPrivateKey() throws(TLSError) -> PrivateKey? {
        while let block = try nextBlock() {
            guard block.name.hasSuffix("PRIVATE KEY") else { continue }
            if block.isEncrypted { throw .encryptedKey(path: origin) }
            guard let key = block.privateKey() else {
                throw .unreadablePEM(origin: origin, reason: ErrorQueue.drainText())
            }
            return PrivateKey(owning: key)
        }
        return nil
    }

    private mutating func nextBlock() throws(TLSError) -> Block? {
        var block = Block()
        guard block.read(from: bio) else {
            try throwUnlessAtEnd()
            return nil
        }
        return block
    }

    private func throwUnlessAtEnd() throws(TLSError) {
        let entries = ErrorQueue.drain()
        let atEnd = entries.last.map { $0.library == ERR_LIB_PEM && $0.reason == PEM_R_NO_START_LINE } ?? false
        if !atEnd {
            let reason = entries.map(\.text).joined(separator: ", ")
            throw .unreadablePEM(origin: origin, reason: reason.isEmpty ? "damaged" : reason)
        }
    }
}

/// One PEM block (RFC 7468) as OpenSSL allocated it.
private struct Block: ~Copyable {
    private var namePointer: UnsafeMutablePointer<CChar>?
    private var header: UnsafeMutablePointer<CChar>?
    private var data: UnsafeMutablePointer<UInt8>?
    private var length = 0

    deinit {
        CRYPTO_free(namePointer, #fileID, #line)
        CRYPTO_free(header, #fileID, #line)
        // It may have been a private key.
        CRYPTO_clear_free(data, length, #fileID, #line)
    }

    /// `CERTIFICATE`, `PRIVATE KEY` …
    var name: String { namePointer.map { String(cString: $0) } ?? "" }

    /// Whether a passphrase is needed, in the way of PKCS #8 or in OpenSSL's older one.
    var isEncrypted: Bool {
        name.hasPrefix("ENCRYPTED") || header.map { String(cString: $0).contains("ENCRYPTED") } ?? false
    }

    mutating func read(from bio: OpaquePointer) -> Bool {
        ErrorQueue.clean { PEM_read_bio(bio, &namePointer, &header, &data, &length) } == 1
    }

    func privateKey() -> OpaquePointer? {
        var bytes = data.map { UnsafePointer($0) }
        return ErrorQueue.clean { d2i_AutoPrivateKey(nil, &bytes, length) }
    }
}
