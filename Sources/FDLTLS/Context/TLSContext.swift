import COpenSSL
package import FDLCore
import FDLOpenSSL
import Glibc
package import NIOCore
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
    let pools: PerLoop<BufferPool>
    /// On a server, the turns of its clients' handshakes.
    let turns: PerLoop<HandshakeTurns>
    /// A server's certificates; nil on a client.
    let sites: ServerSites?
    /// A server's, by which it opens its clients' tickets.
    let ticketKeys: TicketKeys
    /// Patterns, one of which a client's certificate has to match; empty if all of the authority's may come.
    let allowedClients: [String]
    /// What an operator should know of the files that were read, a sentence each.
    package let remarks: [String]
    private let shared: SharedContext

    var pointer: OpaquePointer { shared.pointer }

    /// The pin of a server's first certificate; nil on a client.
    package var pin: PublicKeyPin? { sites?.identities.first.flatMap { PublicKeyPin(certificate: $0.certificate) } }

    /// The files that private keys were read from.
    package var privateKeyPaths: [String] { sites?.identities.map(\.keyPath) ?? [] }

    /// Opens the descriptor that the handshakes of an event loop need to take turns. To be called on that loop.
    package func prepareTurns(on eventLoop: any EventLoop) {
        turns.value(on: eventLoop).nextPoll.prepare(on: eventLoop)
    }

    private init(client configuration: TLSClientConfiguration, _ shared: SharedContext) {
        role = .client
        pins = Set(configuration.leafPins.isEmpty ? configuration.pins : configuration.leafPins)
        needsChain = configuration.leafPins.isEmpty
        number = Self.counter.add(1, ordering: .relaxed).newValue
        (pools, turns) = (PerLoop { BufferPool() }, PerLoop { HandshakeTurns() })
        (sites, ticketKeys, allowedClients, remarks) = (nil, TicketKeys(), [], [])
        self.shared = shared
    }

    private init(
        server configuration: TLSServerConfiguration,
        _ sites: ServerSites,
        _ shared: SharedContext,
        remarks: [String],
        after previous: TLSContext?
    ) {
        role = .server
        (pins, needsChain) = ([], true)
        number = Self.counter.add(1, ordering: .relaxed).newValue
        pools = previous?.pools ?? PerLoop { BufferPool() }
        turns = previous?.turns ?? PerLoop { HandshakeTurns() }
        ticketKeys = previous?.ticketKeys ?? TicketKeys()
        allowedClients = configuration.clients?.allowedNames ?? []
        self.sites = sites
        self.remarks = remarks
        self.shared = shared
    }

    /// Makes a server's context.
    /// - Parameter previous: the one that this takes the place of. Its clients' tickets are taken by this one too.
    /// - Throws: one of the configuration errors, each naming its file.
    package static func server(
        _ configuration: TLSServerConfiguration,
        after previous: TLSContext? = nil
    ) throws(TLSError) -> TLSContext {
        let identities = try TLSIdentity.read(configuration)
        // What is asked of clients is read once, and the same in the contexts of all certificates.
        let asking = SharedContext(owning: try newPointer(oldest: configuration.oldestVersion))
        var remarks = remarks(on: identities)
        if let rules = configuration.clients { remarks += try ClientCheck.set(rules, in: asking.pointer) }
        let sites = ServerSites(identities) { identities throws(TLSError) in
            let made = try serverContext(configuration, showing: identities)
            if configuration.clients != nil { try ClientCheck.copy(from: asking.pointer, to: made.pointer) }
            return made
        }
        try sites.check()
        return TLSContext(server: configuration, sites, try sites.standard(), remarks: remarks, after: previous)
    }

    private static func serverContext(
        _ configuration: TLSServerConfiguration,
        showing identities: [TLSIdentity]
    ) throws(TLSError) -> SharedContext {
        let context = SharedContext(owning: try newPointer(oldest: configuration.oldestVersion))
        let pointer = context.pointer
        for identity in identities { try identity.use(in: pointer) }
        // Sessions live in tickets alone, so that memory does not grow with the number of clients seen. The id ties a
        // ticket to this use of TLS; OpenSSL demands one if clients show certificates.
        fdl_SSL_CTX_set_session_cache_mode(pointer, Int(SSL_SESS_CACHE_OFF))
        let identifier = Array("fdl".utf8)
        try check(SSL_CTX_set_session_id_context(pointer, identifier, UInt32(identifier.count)) == 1)
        // One ticket and not OpenSSL's two: each costs a twentieth of a handshake, and a connection that resumes uses
        // one and brings one.
        try check(SSL_CTX_set_num_tickets(pointer, 1) == 1)
        SSL_CTX_set_timeout(pointer, Int(TicketKeyRing.lifetime))
        fdl_SSL_CTX_set_ticket_callback(pointer, TicketKeys.callback)
        SSL_CTX_set_alpn_select_cb(pointer, ALPN.select, nil)
        if configuration.certificateChainPaths.count > 1 {
            fdl_SSL_CTX_set_server_name_callback(pointer, ServerSites.choose)
        }
        fdl_SSL_CTX_set_status_callback(pointer, TLSConnection.staple)
        return context
    }

    private static func remarks(on identities: [TLSIdentity]) -> [String] {
        let now = Int64(Glibc.time(nil))
        return identities.flatMap { identity in
            var remarks: [String] = []
            if let end = identity.end, end <= now {
                remarks.append("the certificate \(identity.chainPath) has expired")
            }
            if let status = identity.status, !status.isCurrent(now: now) {
                remarks.append("the OCSP response \(status.path) is out of date: it is not handed out")
            }
            return remarks
        }
    }

    /// Makes a client's context.
    /// - Throws: one of the configuration errors, each naming its file.
    package static func client(_ configuration: TLSClientConfiguration) throws(TLSError) -> TLSContext {
        let context = TLSContext(client: configuration, SharedContext(owning: try newPointer(oldest: .tls12)))
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
        if let path = configuration.certificateChainPath {
            try TLSIdentity.read(chainPath: path, keyPath: configuration.privateKeyPath).use(in: pointer)
        }
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

extension TLSContext {
    /// AES-128 first: it is as good as unbreakable and a quarter cheaper than AES-256.
    private static let cipherSuites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
    private static let ciphersOfTLS12 = """
        ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:\
        ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:\
        ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305
        """
    /// The groups for the exchange of keys, what is liked best first; the first list that this OpenSSL knows is taken.
    ///
    /// No finite-field groups: for 1 KiB of ffdhe8192 a client makes a server calculate for 92 ms, a hundred times as
    /// long as for X25519. X25519MLKEM768 keeps what is sent today from who has a quantum computer later.
    private static let groupLists = [
        "*X25519MLKEM768/*X25519:P-256:P-384", "X25519:P-256:P-384",
    ]

    private static func newPointer(oldest: TLSVersion) throws(TLSError) -> OpaquePointer {
        guard let pointer = ErrorQueue.clean({ SSL_CTX_new(TLS_method()) }) else {
            throw .library(reason: ErrorQueue.drainText())
        }
        do throws(TLSError) {
            try setProtocolRules(pointer, oldest: oldest)
            return pointer
        } catch {
            SSL_CTX_free(pointer)
            throw error
        }
    }

    private static func setProtocolRules(_ pointer: OpaquePointer, oldest: TLSVersion) throws(TLSError) {
        let version =
            switch oldest {
            case .tls12: TLS1_2_VERSION
            case .tls13: TLS1_3_VERSION
            }
        try check(ErrorQueue.clean { fdl_SSL_CTX_set_min_proto_version(pointer, version) } == 1)
        try check(ErrorQueue.clean { fdl_SSL_CTX_set_max_proto_version(pointer, TLS1_3_VERSION) } == 1)
        try check(ErrorQueue.clean { SSL_CTX_set_cipher_list(pointer, ciphersOfTLS12) } == 1)
        try check(ErrorQueue.clean { SSL_CTX_set_ciphersuites(pointer, cipherSuites) } == 1)
        try check(groupLists.contains { list in ErrorQueue.clean { fdl_SSL_CTX_set1_groups_list(pointer, list) } == 1 })
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

    static func check(_ succeeded: Bool) throws(TLSError) {
        if !succeeded { throw .library(reason: ErrorQueue.drainText()) }
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

    static func addRoots(
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
        guard count > 0 else { throw PEMReader.lack(of: "certificate", in: origin) }
    }
}
