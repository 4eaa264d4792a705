import COpenSSL
package import FDLCore
import FDLOpenSSL

extension TLSContext {
    /// The pin that a reader needs for a server's first certificate; nil if this system's authorities vouch for it, as
    /// most readers' systems then do too. Reads the system's authorities.
    package var pinForStrangers: PublicKeyPin? {
        guard let identity = sites?.identities.first, !identity.isVouchedFor else { return nil }
        return PublicKeyPin(certificate: identity.certificate)
    }
}

extension TLSIdentity {
    /// Whether an authority of this system vouches for the certificate, by way of those that it comes with.
    fileprivate var isVouchedFor: Bool {
        guard let store = X509_STORE_new() else { return false }
        defer { X509_STORE_free(store) }
        guard let others = OPENSSL_sk_new_null() else { return false }
        defer { OPENSSL_sk_free(others) }
        for other in intermediates { OPENSSL_sk_push(others, UnsafeRawPointer(other)) }
        guard let verification = X509_STORE_CTX_new() else { return false }
        defer { X509_STORE_CTX_free(verification) }
        return ErrorQueue.clean {
            X509_STORE_set_default_paths(store) == 1
                && X509_STORE_CTX_init(verification, store, certificate, others) == 1
                && X509_verify_cert(verification) == 1
        }
    }
}
