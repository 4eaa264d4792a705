import COpenSSL
import FDLCore
import FDLOpenSSL

/// A certificate with those between it and its authority, and its private key. Immutable.
///
/// Sendable by OpenSSL's own rules: `X509` and `EVP_PKEY` are reference counted with atomics, and nothing changes them
/// once they are read.
final class TLSIdentity: @unchecked Sendable {
    let chainPath: String
    /// The response about it, for clients that ask.
    let status: StapledStatus?
    /// The certificate, then those above it.
    private let chain: CertificateChain
    private let key: KeyFile

    var certificate: OpaquePointer { chain.leaf.pointer }
    /// Those between it and its authority.
    var intermediates: [OpaquePointer] { chain.others.map { $0.certificate.pointer } }
    /// The file that the private key was read from.
    var keyPath: String { key.path }
    /// The kind of key, `EVP_PKEY_RSA` and the like.
    var kind: Int32 { EVP_PKEY_get_base_id(key.key.pointer) }
    /// When it ends, in seconds since 1970; nil if OpenSSL cannot read that.
    var end: Int64? { X509_get0_notAfter(certificate).flatMap { StapledStatus.seconds($0) } }

    fileprivate init(_ chain: CertificateChain, key: KeyFile, status: StapledStatus?) {
        chainPath = chain.path
        self.chain = chain
        self.key = key
        self.status = status
    }

    /// Shows it to the peers of a context.
    func use(in pointer: OpaquePointer) throws(TLSError) {
        let isUsed = ErrorQueue.clean {
            // Each kind of key has a place of its own, and the chain goes to the certificate that came last.
            SSL_CTX_use_certificate(pointer, certificate) == 1
                && SSL_CTX_use_PrivateKey(pointer, key.key.pointer) == 1
                && chain.others.allSatisfy { fdl_SSL_CTX_add1_chain_cert(pointer, $0.certificate.pointer) == 1 }
        }
        guard isUsed else { throw .unusableCertificate(path: chainPath, reason: ErrorQueue.drainText()) }
    }

    /// Whether it is for a DNS name.
    func isFor(_ name: String) -> Bool {
        ErrorQueue.clean { X509_check_host(certificate, name, name.utf8.count, 0, nil) } == 1
    }

    /// Its DNS names and addresses.
    var names: Set<String> {
        let kinds = [GEN_DNS, GEN_IPADD]
        return Set(CertificateNames.alternative(of: certificate, kinds: kinds).map { $0.lowercased() })
    }
}

// MARK: - From files

extension TLSIdentity {
    /// Reads a certificate and its key.
    /// - Parameter keyPath: nil to look for the key in the certificate's file, then beside it.
    static func read(chainPath: String, keyPath: String?) throws(TLSError) -> TLSIdentity {
        let chain = try CertificateChain(path: chainPath)
        guard let keyPath else { return TLSIdentity(chain, key: try KeyFile(of: chain), status: nil) }
        let key = try KeyFile(path: keyPath)
        guard key.fits(chain) else { throw .keyOfAnotherCertificate(certificate: chainPath, key: keyPath) }
        return TLSIdentity(chain, key: key, status: nil)
    }

    /// Reads certificates, and finds for each the key that fits it and the OCSP response that is about it.
    /// - Throws: one of the configuration errors, also for a key or a response that belongs to none of them.
    static func read(_ configuration: TLSServerConfiguration) throws(TLSError) -> [TLSIdentity] {
        var chains: [CertificateChain] = []
        for path in configuration.certificateChainPaths { chains.append(try CertificateChain(path: path)) }
        var keys: [KeyFile] = []
        for path in configuration.privateKeyPaths {
            let key = try KeyFile(path: path)
            guard chains.contains(where: { key.fits($0) }) else {
                let certificates = chains.map(\.path).joined(separator: ", ")
                throw .keyOfAnotherCertificate(certificate: certificates, key: path)
            }
            keys.append(key)
        }
        var statuses: [Int: StapledStatus] = [:]
        for path in configuration.statusPaths {
            let (index, status) = try StapledStatus.read(path, aboutOneOf: chains.map { $0.leaf.pointer })
            statuses[index] = status
        }
        var identities: [TLSIdentity] = []
        for (index, chain) in chains.enumerated() {
            var (key, status) = (keys.first { $0.fits(chain) }, statuses[index])
            if status == nil { status = try StapledStatus.beside(chain.path, about: chain.leaf.pointer) }
            if key == nil { key = try KeyFile(of: chain) }
            if let key { identities.append(TLSIdentity(chain, key: key, status: status)) }
        }
        return identities
    }
}

/// A file of certificates.
private final class CertificateChain {
    final class Link {
        let certificate: Certificate
        init(_ certificate: consuming Certificate) { self.certificate = certificate }
    }

    let path: String
    let leaf: Certificate
    let others: [Link]

    init(path: String) throws(TLSError) {
        var reader = try PEMReader(path: path, missing: .certificateFileMissing(path: path))
        guard let leaf = try reader.nextCertificate() else { throw PEMReader.lack(of: "certificate", in: path) }
        var others: [Link] = []
        while let next = try reader.nextCertificate() { others.append(Link(next)) }
        self.path = path
        self.leaf = leaf
        self.others = others
    }
}

/// A private key, and the file that it was read from.
private final class KeyFile {
    let path: String
    let key: PrivateKey

    private init(path: String, key: consuming PrivateKey) {
        self.path = path
        self.key = key
    }

    convenience init(path: String) throws(TLSError) {
        var reader = try PEMReader(path: path, missing: .keyFileMissing(path: path))
        guard let key = try reader.nextPrivateKey() else { throw PEMReader.lack(of: "private key", in: path) }
        self.init(path: path, key: key)
    }

    /// The key in a certificate's own file, else the one beside it.
    convenience init(of chain: CertificateChain) throws(TLSError) {
        var reader = try PEMReader(path: chain.path, missing: .certificateFileMissing(path: chain.path))
        if let key = try reader.nextPrivateKey() {
            self.init(path: chain.path, key: key)
        } else {
            try self.init(path: TLSContext.keyPath(beside: chain.path))
        }
        guard fits(chain) else { throw .keyOfAnotherCertificate(certificate: chain.path, key: path) }
    }

    func fits(_ chain: CertificateChain) -> Bool { key.belongs(to: chain.leaf) }
}
