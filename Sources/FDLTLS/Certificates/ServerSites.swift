import COpenSSL
import FDLCore
import FDLOpenSSL
import Synchronization

/// A server's certificates, and an OpenSSL context for each choice of them.
final class ServerSites: Sendable {
    let identities: [TLSIdentity]
    private let choice: CertificateChoice
    private let make: @Sendable ([TLSIdentity]) throws(TLSError) -> SharedContext
    private let contexts = Mutex<[[Int]: SharedContext]>([:])

    /// - Parameter make: makes a context that shows these.
    init(
        _ identities: [TLSIdentity],
        _ make: @escaping @Sendable ([TLSIdentity]) throws(TLSError) -> SharedContext
    ) {
        self.identities = identities
        self.make = make
        choice = CertificateChoice(
            candidates: identities.map { CertificateChoice.Candidate(kind: $0.kind, names: $0.names) }
        )
    }

    /// The context for clients that ask for no name.
    func standard() throws(TLSError) -> SharedContext { try context(choice.standard) }

    /// Makes the contexts of all certificates, so that one that cannot be used is known at once.
    func check() throws(TLSError) {
        for index in identities.indices { _ = try context([index]) }
    }

    private func context(forName name: String) throws(TLSError) -> SharedContext {
        try context(choice.indices { identities[$0].isFor(name) })
    }

    private func context(_ indices: [Int]) throws(TLSError) -> SharedContext {
        try contexts.withLock { contexts throws(TLSError) in
            if let made = contexts[indices] { return made }
            let made = try make(indices.map { identities[$0] })
            contexts[indices] = made
            return made
        }
    }

    /// The OCSP response for a certificate in use.
    func status(of certificate: OpaquePointer?) -> StapledStatus? {
        identities.first { $0.certificate == certificate }?.status
    }

    /// Gives the connection the certificates of the name that its client asks for (RFC 6066 section 3).
    static let choose:
        @convention(c) (OpaquePointer?, UnsafeMutablePointer<Int32>?, UnsafeMutableRawPointer?) -> Int32 = {
            ssl,
            _,
            _ in
            guard let ssl, let sites = TLSConnection.of(ssl)?.context.sites,
                let name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name).map({ String(cString: $0) }),
                let context = try? sites.context(forName: name)
            else { return SSL_TLSEXT_ERR_NOACK }
            return SSL_set_SSL_CTX(ssl, context.pointer) == nil ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_OK
        }
}

/// A context of OpenSSL.
///
/// `SSL_CTX` is reference counted with atomics and locks what its connections change in it. All of our own changes are
/// made before another thread knows it.
final class SharedContext: @unchecked Sendable {
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit { SSL_CTX_free(pointer) }
}
