import COpenSSL
import FDLOpenSSL
import Glibc

/// The names that a certificate is for.
enum CertificateNames {
    /// The alternative names (RFC 5280 section 4.2.1.6) of some kinds, in the certificate's order.
    /// - Parameter kinds: `GEN_DNS`, `GEN_EMAIL`, `GEN_URI` or `GEN_IPADD`; an address is given in hexadecimal.
    static func alternative(of certificate: OpaquePointer, kinds: [Int32]) -> [String] {
        let found = ErrorQueue.clean { X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) }
        guard let names = found.map({ OpaquePointer($0) }) else { return [] }
        defer { GENERAL_NAMES_free(names) }
        return (0..<max(0, OPENSSL_sk_num(names))).compactMap { index in
            let name = OPENSSL_sk_value(names, index)?.assumingMemoryBound(to: GENERAL_NAME.self)
            var kind: Int32 = -1
            guard let value = GENERAL_NAME_get0_value(name, &kind), kinds.contains(kind) else {
                return nil
            }
            let text = value.assumingMemoryBound(to: ASN1_STRING.self)
            let bytes = UnsafeBufferPointer(
                start: ASN1_STRING_get0_data(text),
                count: Int(max(0, ASN1_STRING_length(text)))
            )
            if kind == GEN_IPADD {
                return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            }
            return String(validating: bytes, as: UTF8.self)
        }
    }

    /// The common name of the subject; nil if it has none, or one that is no text.
    static func common(of certificate: OpaquePointer) -> String? {
        guard let subject = X509_get_subject_name(certificate) else { return nil }
        let index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1)
        guard index >= 0, let entry = X509_NAME_get_entry(subject, index) else { return nil }
        var text: UnsafeMutablePointer<UInt8>?
        let length = ErrorQueue.clean { ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry)) }
        guard length >= 0, let text else { return nil }
        defer { CRYPTO_free(text, #fileID, #line) }
        return String(validating: UnsafeBufferPointer(start: text, count: Int(length)), as: UTF8.self)
    }

    /// The whole subject, as RFC 4514 writes it; nil if it is empty or cannot be written.
    static func subject(of certificate: OpaquePointer) -> String? {
        guard let subject = X509_get_subject_name(certificate), let bio = try? OwnedBIO(to: "write a name"),
            ErrorQueue.clean({ X509_NAME_print_ex(bio.pointer, subject, 0, fdl_XN_FLAG_RFC2253) }) > 0,
            let bytes = try? bio.written("write a name")
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// By which names a client is known.
    static func ofClient(_ certificate: OpaquePointer) -> [String] {
        let others = alternative(of: certificate, kinds: [GEN_DNS, GEN_EMAIL, GEN_URI])
        let common = common(of: certificate)
        return (common.map { [$0] } ?? []) + others.filter { $0 != common }
    }

    /// Whether one of the patterns matches one of the names; upper and lower case are the same.
    static func areAllowed(_ names: [String], by patterns: [String]) -> Bool {
        names.contains { name in
            // A zero byte would end the name for fnmatch.
            !name.utf8.contains(0)
                && patterns.contains { fnmatch($0.lowercased(), name.lowercased(), FNM_NOESCAPE) == 0 }
        }
    }
}
