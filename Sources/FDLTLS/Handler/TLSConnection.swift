import COpenSSL
import FDLCore
import FDLOpenSSL
import Glibc
import NIOCore

/// One `SSL` and the ciphertext that goes in and out of it. Confined to its event loop.
final class TLSConnection {
    /// The outcome of a call that may need more ciphertext from the peer.
    enum Step<Success> {
        case done(Success)
        /// More ciphertext has to come in first.
        case incomplete
        /// The peer has sent close_notify: nothing more will come.
        case closed
        case failed(TLSError)
    }

    let context: TLSContext
    let pipe = CiphertextPipe()
    private let ssl: OpaquePointer
    private let host: TLSHost?
    private let sessions: TLSSessionCache?
    private var sessionKey: TLSSessionCache.Key?
    private var refusedPin: PublicKeyPin?
    /// The names of a client that is not allowed.
    var refusedNames: [String]?

    /// - Parameters:
    ///   - host: the host a client expects to talk to; nil on a server.
    ///   - sessions: where a client keeps the sessions it may resume.
    init(context: TLSContext, host: TLSHost?, sessions: TLSSessionCache?) throws(TLSError) {
        guard let ssl = ErrorQueue.clean({ SSL_new(context.pointer) }) else {
            throw .library(reason: ErrorQueue.drainText())
        }
        self.context = context
        self.ssl = ssl
        self.host = host
        self.sessions = sessions
        // From here on deinit frees the SSL, and the SSL its BIO.
        guard let bio = pipe.makeBIO() else { throw .library(reason: "no memory for a BIO") }
        SSL_set_bio(ssl, bio, bio)
        try expect(SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque()) == 1)
        if let host {
            try setExpectation(of: host)
            SSL_set_connect_state(ssl)
        } else {
            SSL_set_accept_state(ssl)
        }
    }

    deinit {
        SSL_free(ssl)
    }

    private func setExpectation(of host: TLSHost) throws(TLSError) {
        let parameters = SSL_get0_param(ssl)
        try expect(X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER) == 1)
        switch host {
        case .address(let address):
            try expect(X509_VERIFY_PARAM_set1_ip_asc(parameters, address) == 1)
        case .name(let name):
            // Only subjectAltName counts, and a wildcard stands for a whole label (RFC 9525 section 6.3).
            X509_VERIFY_PARAM_set_hostflags(
                parameters,
                UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT)
            )
            try expect(X509_VERIFY_PARAM_set1_host(parameters, name, name.utf8.count) == 1)
            try expect(fdl_SSL_set_tlsext_host_name(ssl, name) == 1)
        }
    }

    private func expect(_ succeeded: Bool) throws(TLSError) {
        if !succeeded { throw .library(reason: ErrorQueue.drainText()) }
    }

    // MARK: The connection's life

    /// Offers a session of the same server, if one is kept. To be called before the handshake.
    func offerSession(port: Int) {
        guard let host, let sessions else { return }
        let key = TLSSessionCache.Key(context: context.number, host: host.description, port: port)
        sessionKey = key
        guard let session = sessions.session(for: key) else { return }
        // If OpenSSL refuses the session, the handshake is a full one.
        _ = ErrorQueue.clean { SSL_set_session(ssl, session.pointer) }
    }

    /// Goes on with the handshake.
    func handshake() -> Step<TLSHandshakeCompleted> {
        let result = ErrorQueue.clean { SSL_do_handshake(ssl) }
        guard result == 1 else { return outcome(of: result) }
        let pin = peerPin
        // A resumed handshake verifies no certificate, so the pin is checked here for every handshake.
        if !context.pins.isEmpty {
            guard let pin, context.pins.contains(pin) else {
                return .failed(pin.map { .pinMismatch(presented: $0) } ?? .certificateRefused(reason: "none was shown"))
            }
        }
        return .done(
            TLSHandshakeCompleted(
                version: SSL_version(ssl) == TLS1_3_VERSION ? .tls13 : .tls12,
                cipher: SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)).map { String(cString: $0) } ?? "",
                resumed: SSL_session_reused(ssl) == 1,
                peerPin: pin,
                certificateEnd: certificateEnd,
                peerSubject: context.role == .server ? peerSubject : nil
            )
        )
    }

    private var certificateEnd: UTCTime? {
        guard let certificate = SSL_get0_peer_certificate(ssl), let end = X509_get0_notAfter(certificate) else {
            return nil
        }
        var parts = tm()
        guard ASN1_TIME_to_tm(end, &parts) == 1 else { return nil }
        return UTCTime(secondsSince1970: Int64(timegm(&parts)))
    }

    /// Whether this side has sent its Finished: on a server of TLS 1.3 all that is expensive is done by then.
    var hasSentFinished: Bool {
        var byte: UInt8 = 0
        return SSL_get_finished(ssl, &byte, 0) > 0
    }

    /// Decrypts at most one record into `buffer`.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Step<Int> {
        var count = 0
        let result = ErrorQueue.clean { SSL_read_ex(ssl, buffer.baseAddress, buffer.count, &count) }
        return result == 1 ? .done(count) : outcome(of: result)
    }

    /// Encrypts all of `bytes`, which must not be empty.
    func write(_ bytes: UnsafeRawBufferPointer) -> Step<Void> {
        var count = 0
        let result = ErrorQueue.clean { SSL_write_ex(ssl, bytes.baseAddress, bytes.count, &count) }
        return result == 1 ? .done(()) : outcome(of: result)
    }

    /// Sends close_notify after what was written. Reading goes on until the peer sends its own.
    func closeOutput() {
        // The result does not matter. 0: sent, and the peer's is outstanding. 1: both have sent it. If it fails, there
        // is nothing to do: the peer sees a truncated connection.
        _ = ErrorQueue.clean { SSL_shutdown(ssl) }
        ERR_clear_error()
    }

    private var peerSubject: String? {
        guard let pointer = SSL_get1_peer_certificate(ssl) else { return nil }
        return CertificateNames.subject(of: Certificate(owning: pointer).pointer)
    }

    private var peerPin: PublicKeyPin? {
        guard let pointer = SSL_get1_peer_certificate(ssl) else { return nil }
        let certificate = Certificate(owning: pointer)
        return PublicKeyPin(certificate: certificate.pointer)
    }

    // MARK: Errors

    private func outcome<Success>(of result: Int32) -> Step<Success> {
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: .incomplete
        case SSL_ERROR_ZERO_RETURN: .closed
        default: .failed(error(from: ErrorQueue.drain()))
        }
    }

    private func error(from entries: [ErrorQueue.Entry]) -> TLSError {
        for entry in entries where entry.library == ERR_LIB_SSL {
            switch entry.reason {
            case SSL_R_CERTIFICATE_VERIFY_FAILED: return verificationError
            case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return .clientCertificateRequired
            case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_NO_PROTOCOLS_AVAILABLE: return .noSharedProtocol
            case SSL_R_NO_SHARED_CIPHER: return .noSharedCipher
            case SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST: return .notTLS
            case let reason where reason >= SSL_AD_REASON_OFFSET:
                return error(from: TLSAlert(code: UInt8(truncatingIfNeeded: reason - SSL_AD_REASON_OFFSET)))
            default: continue
            }
        }
        return .protocolViolation(reason: entries.first?.text ?? "no reason given")
    }

    private func error(from alert: TLSAlert) -> TLSError {
        switch alert {
        case .protocolVersion: .noSharedProtocol
        case .certificateRequired: .clientCertificateRequired
        default: .peerAlert(alert)
        }
    }

    private var verificationError: TLSError {
        if let refusedNames { return .clientNotAllowed(names: refusedNames) }
        if let refusedPin { return .pinMismatch(presented: refusedPin) }
        let result = SSL_get_verify_result(ssl)
        switch Int32(truncatingIfNeeded: result) {
        case X509_V_ERR_CERT_HAS_EXPIRED: return .certificateExpired
        case X509_V_ERR_CERT_NOT_YET_VALID: return .certificateNotYetValid
        case X509_V_ERR_HOSTNAME_MISMATCH: return .hostNameMismatch(host?.description ?? "")
        case X509_V_ERR_IP_ADDRESS_MISMATCH: return .addressMismatch(host?.description ?? "")
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return .selfSigned
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
            X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return .unknownAuthority
        case X509_V_ERR_CERT_REVOKED: return .certificateRevoked
        default:
            let text = X509_verify_cert_error_string(result).map { String(cString: $0) }
            return .certificateRefused(reason: text ?? "error \(result)")
        }
    }
}

@available(*, unavailable)
extension TLSConnection: Sendable {}

// MARK: - Calls from OpenSSL

extension TLSConnection {
    /// Verifies chain and name as OpenSSL does, unless pins replace them, then the pin: a key that is not pinned ends the
    /// handshake before the client has sent anything.
    static let verifyChainAndPin: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Int32 = { store, _ in
        let ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx())
        guard let connection = of(ssl.map(OpaquePointer.init)) else { return 0 }
        if connection.context.needsChain {
            guard X509_verify_cert(store) == 1 else { return 0 }
        }
        let pins = connection.context.pins
        if pins.isEmpty { return 1 }
        let pin = X509_STORE_CTX_get0_cert(store).flatMap { PublicKeyPin(certificate: $0) }
        if let pin, pins.contains(pin) {
            X509_STORE_CTX_set_error(store, X509_V_OK)
            return 1
        }
        connection.refusedPin = pin
        X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION)
        return 0
    }

    /// Keeps a new session (1), or leaves it to OpenSSL to free (0).
    static let keepSession: @convention(c) (OpaquePointer?, OpaquePointer?) -> Int32 = { ssl, session in
        guard let session, let connection = of(ssl), let sessions = connection.sessions,
            let key = connection.sessionKey, SSL_SESSION_is_resumable(session) == 1
        else { return 0 }
        sessions.store(TLSSession(owning: session), for: key)
        return 1
    }

    static func of(_ ssl: OpaquePointer?) -> TLSConnection? {
        guard let ssl, let data = SSL_get_ex_data(ssl, 0) else { return nil }
        return Unmanaged<TLSConnection>.fromOpaque(data).takeUnretainedValue()
    }
}
