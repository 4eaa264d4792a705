import COpenSSL
package import FDLCore
import FDLOpenSSL
import Synchronization

/// What the connections of one side share: certificate, key, trust, and the rules of the protocol. Immutable.
///
/// TLS 1.2 and 1.3, ECDHE with AEAD only, no renegotiation, no compression, no early data, session tickets, and ALPN
/// with `http/1.1`. To take up a renewed certificate make a new context; running connections keep the old one.
package final class TLSContext: Sendable {
    enum Role {
        case server
        case client
    }

    private static let counter = Atomic<UInt64>(0)

    let role: Role
    /// Never given twice in a process: it keeps a session from being offered on another context's connection.
    let number: UInt64
    /// The keys that a server may have; empty for any.
    let pins: Set<PublicKeyPin>
    /// Whether a server's certificate needs a valid chain, name and dates. If not, the pins replace them.
    let needsChain: Bool
    let pools = BufferPools()
    /// The file that the private key was read from; nil for a client that shows no certificate.
    package let privateKeyPath: String?
    private let shared: SharedContext

    var pointer: OpaquePointer { shared.pointer }

    private init(
        role: Role,
        pins: [PublicKeyPin],
        leafPins: [PublicKeyPin],
        privateKeyPath: String?,
        pointer: OpaquePointer
    ) {
        self.role = role
        self.pins = Set(leafPins.isEmpty ? pins : leafPins)
        self.needsChain = leafPins.isEmpty
        self.privateKeyPath = privateKeyPath
        self.number = Self.counter.add(1, ordering: .relaxed).newValue
        self.shared = SharedContext(pointer: pointer)
    }

    deinit {
        SSL_CTX_free(shared.pointer)
    }

    /// Makes a server's context.
    /// - Throws: one of the configuration errors, each naming its file.
    package static func server(_ configuration: TLSServerConfiguration) throws(TLSError) -> TLSContext {
        let identity = try Identity(
            chainPath: configuration.certificateChainPath,
            keyPath: configuration.privateKeyPath
        )
        let context = TLSContext(
            role: .server,
            pins: [],
            leafPins: [],
            privateKeyPath: identity.key.path,
            pointer: try newPointer()
        )
        let pointer = context.pointer
        try use(identity, in: pointer)
        // Sessions live in tickets alone, so that memory does not grow with the number of clients seen. The id ties a
        // ticket to this use of TLS; OpenSSL demands one if clients show certificates.
        fdl_SSL_CTX_set_session_cache_mode(pointer, Int(SSL_SESS_CACHE_OFF))
        let identifier = Array("fdl".utf8)
        try check(SSL_CTX_set_session_id_context(pointer, identifier, UInt32(identifier.count)) == 1)
        // One ticket and not OpenSSL's two: each costs a twentieth of a handshake, and a connection that resumes uses
        // one and brings one.
        try check(SSL_CTX_set_num_tickets(pointer, 1) == 1)
        SSL_CTX_set_alpn_select_cb(pointer, ALPN.select, nil)
        if let path = configuration.clientCertificateAuthorityPath {
            var reader = try PEMReader(path: path, missing: .certificateFileMissing(path: path))
            try addRoots(from: &reader, origin: path, to: pointer) { authority in
                SSL_CTX_add_client_CA(pointer, authority) == 1
            }
            SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        }
        return context
    }

    /// Makes a client's context.
    /// - Throws: one of the configuration errors, each naming its file.
    package static func client(_ configuration: TLSClientConfiguration) throws(TLSError) -> TLSContext {
        var identity: Identity?
        var keyPath: String?
        if let path = configuration.certificateChainPath {
            let found = try Identity(chainPath: path, keyPath: configuration.privateKeyPath)
            keyPath = found.key.path
            identity = consume found
        }
        let context = TLSContext(
            role: .client,
            pins: configuration.pins,
            leafPins: configuration.leafPins,
            privateKeyPath: keyPath,
            pointer: try newPointer()
        )
        let pointer = context.pointer
        switch configuration.trustRoots {
        case .system:
            try check(ErrorQueue.clean { SSL_CTX_set_default_verify_paths(pointer) } == 1)
        case .pem(let bytes):
            try addRoots(pem: bytes, to: pointer)
            // As curl does: a chain may end in what was given, which need not be a root.
            try check(X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(pointer), UInt(X509_V_FLAG_PARTIAL_CHAIN)) == 1)
        case .systemAnd(let bytes):
            try check(ErrorQueue.clean { SSL_CTX_set_default_verify_paths(pointer) } == 1)
            try addRoots(pem: bytes, to: pointer)
        }
        if let identity = identity.take() { try use(identity, in: pointer) }
        SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, nil)
        SSL_CTX_set_cert_verify_callback(pointer, TLSConnection.verifyChainAndPin, nil)
        // Sessions are handed to the connection's TLSSessionCache; OpenSSL keeps none of its own.
        fdl_SSL_CTX_set_session_cache_mode(pointer, Int(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL))
        SSL_CTX_sess_set_new_cb(pointer, TLSConnection.keepSession)
        let protocols = ALPN.http11
        try check(SSL_CTX_set_alpn_protos(pointer, protocols, UInt32(protocols.count)) == 0)
        return context
    }
}

/// `SSL_CTX` is reference counted with atomics and locks what its connections change in it. All of our own changes
/// are made before `TLSContext.server` or `.client` returns it, by the one thread that knows it.
private struct SharedContext: @unchecked Sendable {
    let pointer: OpaquePointer
}

extension TLSContext {
    /// AES-128 first: it is as good as unbreakable and a quarter cheaper than AES-256.
    private static let cipherSuites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
    private static let ciphersOfTLS12 = """
        ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:\
        ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:\
        ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305
        """

    private static func newPointer() throws(TLSError) -> OpaquePointer {
        guard let pointer = ErrorQueue.clean({ SSL_CTX_new(TLS_method()) }) else {
            throw .library(reason: ErrorQueue.drainText())
        }
        do throws(TLSError) {
            try setProtocolRules(pointer)
            return pointer
        } catch {
            SSL_CTX_free(pointer)
            throw error
        }
    }

    private static func setProtocolRules(_ pointer: OpaquePointer) throws(TLSError) {
        try check(ErrorQueue.clean { fdl_SSL_CTX_set_min_proto_version(pointer, TLS1_2_VERSION) } == 1)
        try check(ErrorQueue.clean { fdl_SSL_CTX_set_max_proto_version(pointer, TLS1_3_VERSION) } == 1)
        try check(ErrorQueue.clean { SSL_CTX_set_cipher_list(pointer, ciphersOfTLS12) } == 1)
        try check(ErrorQueue.clean { SSL_CTX_set_ciphersuites(pointer, cipherSuites) } == 1)
        SSL_CTX_set_options(
            pointer,
            fdl_SSL_OP_NO_COMPRESSION | fdl_SSL_OP_NO_RENEGOTIATION
                | fdl_SSL_OP_CIPHER_SERVER_PREFERENCE | fdl_SSL_OP_PRIORITIZE_CHACHA
        )
        // Idle connections give their record buffers back. The chain sent is the file's, not one that OpenSSL builds.
        fdl_SSL_CTX_set_mode(
            pointer,
            Int(SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN)
        )
    }

    private static func check(_ succeeded: Bool) throws(TLSError) {
        if !succeeded { throw .library(reason: ErrorQueue.drainText()) }
    }

    private static func use(_ identity: consuming Identity, in pointer: OpaquePointer) throws(TLSError) {
        let used = ErrorQueue.clean {
            SSL_CTX_use_certificate(pointer, identity.leaf.pointer) == 1
                && SSL_CTX_use_PrivateKey(pointer, identity.key.key.pointer) == 1
        }
        guard used else { throw .unusableCertificate(path: identity.path, reason: ErrorQueue.drainText()) }
        while let intermediate = try identity.rest.nextCertificate() {
            guard ErrorQueue.clean({ fdl_SSL_CTX_add1_chain_cert(pointer, intermediate.pointer) }) == 1 else {
                throw .unusableCertificate(path: identity.path, reason: ErrorQueue.drainText())
            }
        }
    }

    /// A certificate with its key, and what follows it in its file.
    private struct Identity: ~Copyable {
        let path: String
        let leaf: Certificate
        let key: FoundKey
        var rest: PEMReader

        init(chainPath: String, keyPath: String?) throws(TLSError) {
            var reader = try PEMReader(path: chainPath, missing: .certificateFileMissing(path: chainPath))
            guard let leaf = try reader.nextCertificate() else {
                throw .unreadablePEM(origin: chainPath, reason: "it holds no certificate")
            }
            let key = try TLSContext.privateKey(path: keyPath, certificateChainPath: chainPath)
            guard key.key.belongs(to: leaf) else {
                throw .keyOfAnotherCertificate(certificate: chainPath, key: key.path)
            }
            self.path = chainPath
            self.leaf = leaf
            self.key = key
            self.rest = reader
        }
    }

    /// A private key and the file it came from.
    private struct FoundKey: ~Copyable {
        let key: PrivateKey
        let path: String
    }

    private static func privateKey(path: String?, certificateChainPath: String) throws(TLSError) -> FoundKey {
        if let path {
            return FoundKey(key: try onlyKey(in: path), path: path)
        }
        var reader = try PEMReader(
            path: certificateChainPath,
            missing: .certificateFileMissing(path: certificateChainPath)
        )
        if let key = try reader.nextPrivateKey() {
            return FoundKey(key: key, path: certificateChainPath)
        }
        let beside = keyPath(beside: certificateChainPath)
        return FoundKey(key: try onlyKey(in: beside), path: beside)
    }

    private static func onlyKey(in path: String) throws(TLSError) -> PrivateKey {
        var reader = try PEMReader(path: path, missing: .keyFileMissing(path: path))
        guard let key = try reader.nextPrivateKey() else {
            throw .unreadablePEM(origin: path, reason: "it holds no private key")
        }
        return key
    }

    /// `dir/server.pem` → `dir/server.key`
    static func keyPath(beside certificatePath: String) -> String {
        let nameStart = certificatePath.lastIndex(of: "/").map(certificatePath.index(after:))
        let name = certificatePath[(nameStart ?? certificatePath.startIndex)...]
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return certificatePath + ".key" }
        return certificatePath[..<dot] + ".key"
    }

    private static func addRoots(pem: [UInt8], to pointer: OpaquePointer) throws(TLSError) {
        do throws(TLSError) {
            var reader = try PEMReader(bytes: pem, origin: "")
            try addRoots(from: &reader, origin: "", to: pointer) { _ in true }
        } catch {
            guard case .unreadablePEM(_, let reason) = error else { throw error }
            throw .unreadableAuthorities(reason: reason)
        }
    }

    private static func addRoots(
        from reader: inout PEMReader,
        origin: String,
        to pointer: OpaquePointer,
        alsoCalling announce: (OpaquePointer) -> Bool
    ) throws(TLSError) {
        var count = 0
        while let root = try reader.nextCertificate() {
            try check(
                ErrorQueue.clean {
                    X509_STORE_add_cert(SSL_CTX_get_cert_store(pointer), root.pointer) == 1 && announce(root.pointer)
                }
            )
            count += 1
        }
        guard count > 0 else { throw .unreadablePEM(origin: origin, reason: "it holds no certificate") }
    }
}
