import COpenSSL
import FDLOpenSSL
import NIOCore
import Synchronization

/// The keys that session tickets are sealed with (RFC 5077, RFC 8446 section 4.6.1): a new one each hour, the one
/// before still opens. So whoever steals the memory of a server reads at most two hours of TLS 1.2 sessions.
///
/// A value that is told the time, so that a test needs no waiting.
struct TicketKeyRing {
    /// How long one key seals, in seconds; it opens for as long again.
    static let lifetime: UInt64 = 3_600

    private struct Kept {
        let key: TicketKey
        /// In seconds, when tickets began to be sealed with it.
        let since: UInt64

        func isSealing(now: UInt64) -> Bool { now < since + TicketKeyRing.lifetime }
        func isOpening(now: UInt64) -> Bool { now < since + 2 * TicketKeyRing.lifetime }
    }

    /// The newest last; two at most.
    private var kept: [Kept] = []

    /// The key to seal with.
    /// - Parameters:
    ///   - now: in seconds, never going back.
    ///   - make: a new key; nil if there is no randomness to be had.
    mutating func sealing(now: UInt64, make: () -> TicketKey?) -> TicketKey? {
        kept.removeAll { !$0.isOpening(now: now) }
        if let newest = kept.last, newest.isSealing(now: now) { return newest.key }
        guard let key = make() else { return nil }
        kept.append(Kept(key: key, since: now))
        if kept.count > 2 { kept.removeFirst() }
        return key
    }

    /// The key of that name, and whether tickets are still sealed with it; nil if it is no longer kept.
    mutating func opening(name: some Sequence<UInt8>, now: UInt64) -> (key: TicketKey, isCurrent: Bool)? {
        kept.removeAll { !$0.isOpening(now: now) }
        guard let found = kept.first(where: { $0.key.name.elementsEqual(name) }) else { return nil }
        return (found.key, found.isSealing(now: now))
    }
}

/// One key for tickets: a name by which it is found again, and what encrypts and authenticates.
struct TicketKey: Equatable {
    static let nameSize = 16
    private static let secretSize = 32

    let name: [UInt8]
    let encryption: [UInt8]
    let authentication: [UInt8]

    /// A new key.
    /// - Returns: nil if OpenSSL has no randomness.
    init?() {
        var bytes = [UInt8](repeating: 0, count: Self.nameSize + 2 * Self.secretSize)
        guard ErrorQueue.clean({ RAND_priv_bytes(&bytes, Int32(bytes.count)) }) == 1 else { return nil }
        self.init(bytes: bytes)
    }

    /// - Parameter bytes: 80 of them.
    init(bytes: [UInt8]) {
        name = Array(bytes[..<Self.nameSize])
        encryption = Array(bytes[Self.nameSize..<(Self.nameSize + Self.secretSize)])
        authentication = Array(bytes[(Self.nameSize + Self.secretSize)...])
    }
}

/// The ticket keys of a server, for all its event loops and across reloads of its certificates.
final class TicketKeys: Sendable {
    private let ring = Mutex(TicketKeyRing())

    /// Gives OpenSSL the key to seal a new ticket with (`isNew`), or the one that a client's ticket is sealed with.
    ///
    /// 1: done. 2: done, and the ticket is to be replaced. 0: no ticket, or not a ticket of ours any more; then the
    /// handshake is a full one. Negative: a failure.
    static let callback:
        @convention(c) (
            OpaquePointer?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt8>?, OpaquePointer?, OpaquePointer?,
            Int32
        ) -> Int32 = { ssl, name, vector, cipher, mac, isNew in
            guard let keys = TLSConnection.of(ssl)?.context.ticketKeys, let name, let vector else { return -1 }
            return isNew == 1
                ? keys.seal(name: name, vector: vector, cipher: cipher, mac: mac)
                : keys.open(
                    name: name,
                    vector: vector,
                    cipher: cipher,
                    mac: mac,
                    singleUse: SSL_version(ssl) >= TLS1_3_VERSION
                )
        }

    private static var now: UInt64 { NIODeadline.now().uptimeNanoseconds / 1_000_000_000 }

    private func seal(
        name: UnsafeMutablePointer<UInt8>,
        vector: UnsafeMutablePointer<UInt8>,
        cipher: OpaquePointer?,
        mac: OpaquePointer?
    ) -> Int32 {
        guard let key = ring.withLock({ $0.sealing(now: Self.now, make: TicketKey.init) }) else { return 0 }
        for (offset, byte) in key.name.enumerated() { name[offset] = byte }
        let isReady =
            RAND_bytes(vector, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) == 1
            && EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nil, key.encryption, vector) == 1
            && Self.authenticate(by: key, mac)
        return isReady ? 1 : -1
    }

    private func open(
        name: UnsafeMutablePointer<UInt8>,
        vector: UnsafeMutablePointer<UInt8>,
        cipher: OpaquePointer?,
        mac: OpaquePointer?,
        singleUse: Bool
    ) -> Int32 {
        let wanted = UnsafeBufferPointer(start: name, count: TicketKey.nameSize)
        guard let (key, isCurrent) = ring.withLock({ $0.opening(name: wanted, now: Self.now) }) else { return 0 }
        let isReady =
            Self.authenticate(by: key, mac)
            && EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nil, key.encryption, vector) == 1
        if !isReady { return -1 }
        // A client uses a ticket of TLS 1.3 once (RFC 8446 appendix C.4), so it needs another.
        return isCurrent && !singleUse ? 1 : 2
    }

    private static func authenticate(by key: TicketKey, _ mac: OpaquePointer?) -> Bool {
        var digest = Array("SHA256".utf8CString)
        // A parameter holds pointers to its name and its value: both have to be there until it is read.
        return "digest".withCString { name in
            digest.withUnsafeMutableBufferPointer { digest in
                let parameters = [
                    OSSL_PARAM_construct_utf8_string(name, digest.baseAddress, 0), OSSL_PARAM_construct_end(),
                ]
                return EVP_MAC_init(mac, key.authentication, key.authentication.count, parameters) == 1
            }
        }
    }
}
