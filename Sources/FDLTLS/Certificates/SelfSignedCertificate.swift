import COpenSSL
package import FDLCore
import FDLOpenSSL

/// A new key (P-256) and a certificate that it signs itself: for servers whose readers know them by their pin, so that
/// names and dates do not matter.
package enum SelfSignedCertificate {
    private static let validity = 10 * 365 * 86_400

    /// - Parameters:
    ///   - name: the common name.
    ///   - names: DNS names and IP addresses, what is neither is left out.
    /// - Returns: certificate and key in PEM, in this order. The key is not encrypted.
    package static func pem(name: String, names: [String]) throws(TLSError) -> [UInt8] {
        do throws(OpenSSLError) {
            return try make(name: name, names: names)
        } catch {
            throw .library(reason: error.description)
        }
    }

    private static func make(name: String, names: [String]) throws(OpenSSLError) -> [UInt8] {
        let key = PrivateKey(owning: try openSSL("make a key") { fdl_new_P256_key() })
        let certificate = Certificate(owning: try openSSL("make a certificate") { X509_new() })
        try openSSL(
            "make a certificate",
            returnsOne: {
                guard X509_set_version(certificate.pointer, 2) == 1, setSerial(of: certificate),
                    // A clock that is a little behind is no reason to refuse it.
                    X509_gmtime_adj(X509_getm_notBefore(certificate.pointer), -86_400) != nil,
                    X509_gmtime_adj(X509_getm_notAfter(certificate.pointer), validity) != nil,
                    X509_set_pubkey(certificate.pointer, key.pointer) == 1, setName(name, of: certificate)
                else { return 0 }
                return 1
            }
        )
        let alternatives = names.compactMap { name -> String? in
            guard let host = try? TLSHost(name) else { return nil }
            return switch host {
            case .name(let name): "DNS:\(name)"
            case .address(let address): "IP:\(address)"
            }
        }
        var extensions = [
            (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"),
            (NID_ext_key_usage, "serverAuth"),
        ]
        if !alternatives.isEmpty { extensions.append((NID_subject_alt_name, alternatives.joined(separator: ","))) }
        for (kind, value) in extensions {
            let made = try openSSL("make a certificate") { X509V3_EXT_conf_nid(nil, nil, kind, value) }
            defer { X509_EXTENSION_free(made) }
            try openSSL("make a certificate", returnsOne: { X509_add_ext(certificate.pointer, made, -1) })
        }
        try openSSL(
            "sign a certificate",
            returnsOne: {
                X509_sign(certificate.pointer, key.pointer, EVP_sha256()) > 0 ? 1 : 0
            }
        )
        let bio = try OwnedBIO(to: "write a certificate")
        try openSSL("write a certificate", returnsOne: { PEM_write_bio_X509(bio.pointer, certificate.pointer) })
        try openSSL(
            "write a key",
            returnsOne: {
                PEM_write_bio_PrivateKey(bio.pointer, key.pointer, nil, nil, 0, nil, nil)
            }
        )
        return try bio.written("write a certificate")
    }

    private static func setSerial(of certificate: borrowing Certificate) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 16)
        guard RAND_bytes(&bytes, 16) == 1 else { return false }
        // Positive, and of the same length always.
        bytes[0] = bytes[0] & 0x7f | 0x40
        guard let number = BN_bin2bn(bytes, 16, nil) else { return false }
        defer { BN_free(number) }
        return BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate.pointer)) != nil
    }

    /// Subject and issuer are the same.
    private static func setName(_ name: String, of certificate: borrowing Certificate) -> Bool {
        guard let subject = X509_get_subject_name(certificate.pointer) else { return false }
        // A common name has 64 characters at most (RFC 5280 appendix A.1).
        let bytes = Array(name.utf8.prefix(64))
        let flag = 0x1000  // MBSTRING_UTF8, a macro
        return X509_NAME_add_entry_by_txt(subject, "CN", Int32(flag), bytes, Int32(bytes.count), -1, 0) == 1
            && X509_set_issuer_name(certificate.pointer, subject) == 1
    }
}
