import COpenSSL
import FDLCore
import FDLOpenSSL
import FDLSystem

/// Which clients a server serves.
enum ClientCheck {
    /// The most bytes of a list of revoked certificates.
    private static let limit = 64 << 20

    /// Makes a context from which `copy` takes what is asked of clients by `rules`.
    /// - Returns: what an operator should know of the files.
    static func set(_ rules: TLSServerConfiguration.ClientRules, in pointer: OpaquePointer) throws(TLSError) -> [String]
    {
        let path = rules.authorityPath
        var reader = try PEMReader(path: path, missing: .certificateFileMissing(path: path))
        try TLSContext.addRoots(from: &reader, origin: path, to: pointer) { authority in
            SSL_CTX_add_client_CA(pointer, authority) == 1
        }
        guard let path = rules.revocationListPath else { return [] }
        return try addRevocations(from: path, to: pointer)
    }

    /// Makes a context ask for certificates and check them as `other` says.
    static func copy(from other: OpaquePointer, to pointer: OpaquePointer) throws(TLSError) {
        SSL_CTX_set1_cert_store(pointer, SSL_CTX_get_cert_store(other))
        try TLSContext.check(
            ErrorQueue.clean {
                guard X509_VERIFY_PARAM_set1(SSL_CTX_get0_param(pointer), SSL_CTX_get0_param(other)) == 1,
                    let names = SSL_dup_CA_list(SSL_CTX_get_client_CA_list(other))
                else { return false }
                SSL_CTX_set_client_CA_list(pointer, names)
                return true
            }
        )
        SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        SSL_CTX_set_cert_verify_callback(pointer, TLSConnection.verifyClient, nil)
        // A resumed session verifies nothing: it would go on after the certificate's end, or its revocation.
        SSL_CTX_set_options(pointer, fdl_SSL_OP_NO_TICKET)
        try TLSContext.check(SSL_CTX_set_num_tickets(pointer, 0) == 1)
    }

    private static func addRevocations(from path: String, to pointer: OpaquePointer) throws(TLSError) -> [String] {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try WholeFile.read(path, limit: limit)
        } catch {
            let missing = TLSError.unusableRevocationList(path: path, reason: "there is no such file")
            throw TLSError(opening: path, code: error.code, missing: missing)
        }
        let lists = try RevocationList.all(in: bytes, path: path)
        var remarks: [String] = []
        for list in lists {
            try TLSContext.check(
                ErrorQueue.clean { X509_STORE_add_crl(SSL_CTX_get_cert_store(pointer), list.pointer) } == 1
            )
            if list.isOver {
                remarks.append("the certificate revocation list \(path) is out of date: its clients are refused")
            }
        }
        try TLSContext.check(
            X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(pointer), UInt(X509_V_FLAG_CRL_CHECK)) == 1
        )
        return remarks
    }
}

/// A certificate revocation list (RFC 5280 section 5).
private final class RevocationList {
    let pointer: OpaquePointer

    private init(owning pointer: OpaquePointer) { self.pointer = pointer }

    deinit { X509_CRL_free(pointer) }

    /// Whether the time for the next one has come.
    var isOver: Bool { X509_CRL_get0_nextUpdate(pointer).map { X509_cmp_current_time($0) < 0 } ?? false }

    /// The lists in a file, PEM or DER, one at least.
    static func all(in bytes: [UInt8], path: String) throws(TLSError) -> [RevocationList] {
        func refusal(_ reason: String) -> TLSError { .unusableRevocationList(path: path, reason: reason) }
        if bytes.first == 0x30 {
            let list = bytes.withUnsafeBufferPointer { bytes in
                var start = bytes.baseAddress
                return ErrorQueue.clean { d2i_X509_CRL(nil, &start, bytes.count) }
            }
            guard let list else { throw refusal(ErrorQueue.drainText()) }
            return [RevocationList(owning: list)]
        }
        guard let bio = try? OwnedBIO(copying: bytes, to: "read a list") else { throw refusal("no memory for it") }
        var lists: [RevocationList] = []
        while let list = ErrorQueue.clean({ PEM_read_bio_X509_CRL(bio.pointer, nil, nil, nil) }) {
            lists.append(RevocationList(owning: list))
        }
        let last = ErrorQueue.drain().last
        guard last?.library == ERR_LIB_PEM, last?.reason == PEM_R_NO_START_LINE else {
            throw refusal(last?.text ?? "damaged")
        }
        guard !lists.isEmpty else { throw refusal("it holds no list") }
        return lists
    }
}

extension TLSConnection {
    /// Verifies a client's chain as OpenSSL does, then its names.
    static let verifyClient: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Int32 = { store, _ in
        let ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx())
        guard let connection = of(ssl.map(OpaquePointer.init)), X509_verify_cert(store) == 1 else { return 0 }
        let patterns = connection.context.allowedClients
        if patterns.isEmpty { return 1 }
        let names = X509_STORE_CTX_get0_cert(store).map { CertificateNames.ofClient($0) } ?? []
        if CertificateNames.areAllowed(names, by: patterns) { return 1 }
        connection.refusedNames = names
        X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION)
        return 0
    }
}
