import COpenSSL
import FDLCore
import FDLOpenSSL
import FDLSystem
import Glibc

/// The response of an OCSP responder (RFC 6960) for a server's certificate, to be handed to clients that ask for it
/// (RFC 6066 section 8).
struct StapledStatus: Sendable {
    let path: String
    /// The whole response in DER.
    let bytes: [UInt8]
    /// The end of its time, in seconds since 1970; nil if it names none.
    let end: Int64?

    /// The most bytes of a response.
    private static let limit = 64 << 10

    /// Reads a response and checks that it says "good" of `certificate`.
    /// - Throws: `.unusableStatus`, `.statusOfAnotherCertificate`.
    init(path: String, bytes: [UInt8], about certificate: OpaquePointer) throws(TLSError) {
        func refusal(_ reason: String) -> TLSError { .unusableStatus(path: path, reason: reason) }
        let response = bytes.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            return ErrorQueue.clean { d2i_OCSP_RESPONSE(nil, &start, bytes.count) }
        }
        guard let response else { throw refusal("it is not an OCSP response in DER") }
        defer { OCSP_RESPONSE_free(response) }
        let status = OCSP_response_status(response)
        guard status == OCSP_RESPONSE_STATUS_SUCCESSFUL else {
            let text = OCSP_response_status_str(Int(status)).map { String(cString: $0) } ?? "status \(status)"
            throw refusal("the responder has refused to say (\(text))")
        }
        guard let basic = ErrorQueue.clean({ OCSP_response_get1_basic(response) }) else {
            throw refusal("it is of an unknown kind")
        }
        defer { OCSP_BASICRESP_free(basic) }
        for index in 0..<max(0, OCSP_resp_count(basic)) {
            guard let single = OCSP_resp_get0(basic, index), Self.isAbout(certificate, single) else { continue }
            var (reason, next): (Int32, UnsafeMutablePointer<ASN1_GENERALIZEDTIME>?) = (0, nil)
            switch OCSP_single_get0_status(single, &reason, nil, nil, &next) {
            case V_OCSP_CERTSTATUS_GOOD: break
            case V_OCSP_CERTSTATUS_REVOKED: throw refusal("it says that the certificate is revoked")
            default: throw refusal("the responder does not know the certificate")
            }
            self.path = path
            self.bytes = bytes
            self.end = next.flatMap { Self.seconds($0) }
            return
        }
        throw .statusOfAnotherCertificate(path: path)
    }

    /// Reads a response that was named.
    /// - Returns: which of the certificates it is about, too.
    static func read(
        _ path: String,
        aboutOneOf certificates: [OpaquePointer]
    ) throws(TLSError) -> (index: Int, status: StapledStatus) {
        let missing = TLSError.unusableStatus(path: path, reason: "there is no such file")
        let bytes = try contents(of: path, missing: missing)
        for (index, certificate) in certificates.enumerated() {
            do throws(TLSError) {
                return (index, try StapledStatus(path: path, bytes: bytes, about: certificate))
            } catch {
                guard case .statusOfAnotherCertificate = error else { throw error }
            }
        }
        throw .statusOfAnotherCertificate(path: path)
    }

    /// The response that lies beside a certificate (`server.pem` → `server.pem.ocsp`); nil if there is none.
    static func beside(_ path: String, about certificate: OpaquePointer) throws(TLSError) -> StapledStatus? {
        let path = path + ".ocsp"
        let missing = TLSError.statusOfAnotherCertificate(path: path)
        do throws(TLSError) {
            return try StapledStatus(path: path, bytes: contents(of: path, missing: missing), about: certificate)
        } catch {
            // One of the certificate before the renewal is no reason not to start: the renewed one has none yet.
            if case .statusOfAnotherCertificate = error { return nil }
            throw error
        }
    }

    private static func contents(of path: String, missing: TLSError) throws(TLSError) -> [UInt8] {
        do throws(SystemError) {
            return try WholeFile.read(path, limit: limit)
        } catch {
            throw TLSError(opening: path, code: error.code, missing: missing)
        }
    }

    /// Whether it may still be handed out: an old one makes strict clients refuse the connection, none does not.
    /// - Parameter now: in seconds since 1970.
    func isCurrent(now: Int64) -> Bool { end.map { now < $0 } ?? true }

    private static func isAbout(_ certificate: OpaquePointer, _ single: OpaquePointer) -> Bool {
        let identifier = OCSP_SINGLERESP_get0_id(single)
        var nameHash: UnsafeMutablePointer<ASN1_OCTET_STRING>?
        var algorithm: OpaquePointer?
        var serial: UnsafeMutablePointer<ASN1_INTEGER>?
        guard OCSP_id_get0_info(&nameHash, &algorithm, nil, &serial, identifier) == 1,
            ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(certificate)) == 0,
            let digest = EVP_get_digestbyname(OBJ_nid2sn(OBJ_obj2nid(algorithm)))
        else { return false }
        var issuer = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        guard X509_NAME_digest(X509_get_issuer_name(certificate), digest, &issuer, &count) == 1 else { return false }
        let named = UnsafeBufferPointer(
            start: ASN1_STRING_get0_data(nameHash),
            count: Int(max(0, ASN1_STRING_length(nameHash)))
        )
        return issuer.prefix(Int(count)).elementsEqual(named)
    }

    /// A time in seconds since 1970; nil if OpenSSL cannot read it.
    static func seconds(_ time: UnsafePointer<ASN1_TIME>) -> Int64? {
        var (days, seconds): (Int32, Int32) = (0, 0)
        // The difference to now.
        guard ASN1_TIME_diff(&days, &seconds, nil, time) == 1 else { return nil }
        return Int64(Glibc.time(nil)) + Int64(days) * 86_400 + Int64(seconds)
    }
}

extension TLSConnection {
    /// Gives OpenSSL the response for the certificate that it has chosen.
    static let staple: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Int32 = { ssl, _ in
        guard let ssl, let status = of(ssl)?.context.sites?.status(of: SSL_get_certificate(ssl)),
            status.isCurrent(now: Int64(Glibc.time(nil))),
            let copy = CRYPTO_memdup(status.bytes, status.bytes.count, #fileID, #line)
        else { return SSL_TLSEXT_ERR_NOACK }
        let bytes = copy.assumingMemoryBound(to: UInt8.self)
        guard fdl_SSL_set_status_response(ssl, bytes, status.bytes.count) == 1 else {
            CRYPTO_free(copy, #fileID, #line)
            return SSL_TLSEXT_ERR_NOACK
        }
        return SSL_TLSEXT_ERR_OK
    }
}
