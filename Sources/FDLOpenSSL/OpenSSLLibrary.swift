import COpenSSL
import Glibc

/// The OpenSSL that this process runs with.
package enum OpenSSLLibrary {
    /// Its name, version and date, as `openssl version` says them.
    package static var version: String {
        OpenSSL_version(OPENSSL_VERSION).map { String(cString: $0) } ?? "unknown"
    }

    /// Where it looks for the authorities to trust: a file and a directory. `SSL_CERT_FILE` and `SSL_CERT_DIR` come
    /// first.
    package static var authorityPlaces: (file: String, directory: String) {
        func place(_ variable: UnsafePointer<CChar>?, _ fallback: UnsafePointer<CChar>?) -> String {
            if let variable, let value = getenv(variable) { return String(cString: value) }
            return fallback.map { String(cString: $0) } ?? ""
        }
        return (
            place(X509_get_default_cert_file_env(), X509_get_default_cert_file()),
            place(X509_get_default_cert_dir_env(), X509_get_default_cert_dir())
        )
    }
}
