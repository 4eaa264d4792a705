import COpenSSL
import FDLCore
import FDLOpenSSL
import FDLSystem
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
    private let bio: OwnedBIO
    private let origin: String

    /// Opens a file.
    /// - Throws: `missing` if there is none, `.unreadableFile` if it cannot be opened or is a directory.
    init(path: String, missing: TLSError) throws(TLSError) {
        if let status = try? FileStatus(path: path), status.kind == .directory {
            throw .unreadableFile(path: path, .directory)
        }
        guard let bio = OwnedBIO(readingFile: path) else {
            let code = ErrorQueue.drain().first { $0.library == ERR_LIB_SYS }?.reason
            throw TLSError(opening: path, code: code ?? EIO, missing: missing)
        }
        self.bio = bio
        self.origin = path
    }

    /// Reads a copy of `bytes`; `origin` names them in errors.
    init(bytes: [UInt8], origin: String) throws(TLSError) {
        guard bytes.count <= Int32.max, let bio = try? OwnedBIO(copying: bytes, to: "read PEM") else {
            throw .library(reason: "no memory for PEM")
        }
        self.bio = bio
        self.origin = origin
    }

    /// The next certificate, blocks of other kinds skipped; nil at the end.
    mutating func nextCertificate() throws(TLSError) -> Certificate? {
        guard let certificate = ErrorQueue.clean({ PEM_read_bio_X509(bio.pointer, nil, nil, nil) }) else {
            try throwUnlessAtEnd()
            return nil
        }
        return Certificate(owning: certificate)
    }

    /// The next private key, blocks of other kinds skipped; nil at the end.
    ///
    /// This tells blocks apart by their names. OpenSSL's own reader would ask for passphrases at the terminal, and does
    /// not distinguish a file without a key from one with a damaged key.
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

    /// Why a file is refused that holds nothing of the wanted kind.
    static func lack(of kind: String, in path: String) -> TLSError {
        // A DER structure begins with a SEQUENCE. Files of certificate stores (.der, .cer, .p12) are of that form.
        let isDER = (try? WholeFile.read(path, limit: 1 << 20))?.first == 0x30
        return .unreadablePEM(origin: path, reason: isDER ? "it is in DER or PKCS #12" : "it holds no \(kind)")
    }

    private mutating func nextBlock() throws(TLSError) -> PEMBlock? {
        var block = PEMBlock()
        guard block.read(from: bio.pointer) else {
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

extension TLSError {
    /// Why a file that was named cannot be opened.
    /// - Parameters:
    ///   - code: the errno.
    ///   - missing: what is said if it is not there.
    init(opening path: String, code: Int32, missing: TLSError) {
        self =
            switch code {
            case ENOENT, ENOTDIR: missing
            case EACCES, EPERM: .unreadableFile(path: path, .permissionDenied)
            case EISDIR: .unreadableFile(path: path, .directory)
            default: .unreadableFile(path: path, .other(SystemError.text(code)))
            }
    }
}
