import COpenSSL
import FDLCore
import FDLOpenSSL

extension SecretKey {
    /// Whether a text looks like a secret key of minisign's.
    package static func isMinisign(_ text: [UInt8]) -> Bool { text.starts(with: Array("untrusted comment:".utf8)) }

    /// Reads a secret key file of minisign's: `minisign -G` makes one, under a passphrase by scrypt, `minisign -G -W` one
    /// without.
    ///
    /// minisign also keeps a BLAKE2b-256 of the key, which OpenSSL does not have. What a wrong passphrase gives is known
    /// all the same: the public key that belongs to the seed is not the one beside it.
    public init(minisign text: [UInt8], passphrase: [UInt8]? = nil) throws(KeyError) {
        let file = try MinisignSecretFile(String(decoding: text, as: UTF8.self))
        let plain: [UInt8]
        if file.isEncrypted {
            guard let passphrase else { throw .passphraseMissing }
            plain = zip(file.sealed, try file.stream(passphrase)).map { $0 ^ $1 }
        } else {
            plain = file.sealed
        }
        let (seed, stored) = (Array(plain[8..<40]), Array(plain[40..<72]))
        guard let id = KeyID(bytes: plain[..<8]) else { throw .notASecretKey("its key id is not whole") }
        let key: OpaquePointer
        do {
            key = try openSSL("read a key") {
                EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count)
            }
        } catch {
            throw .openSSL(error)
        }
        var own = [UInt8](repeating: 0, count: PublicKey.byteCount)
        var count = own.count
        guard EVP_PKEY_get_raw_public_key(key, &own, &count) == 1, own == stored else {
            EVP_PKEY_free(key)
            throw file.isEncrypted ? .passphraseWrong : .notASecretKey("its two halves do not belong together")
        }
        try self.init(owning: key, id: id)
    }
}

/// A secret key file of minisign's, taken apart.
private struct MinisignSecretFile {
    let isEncrypted: Bool
    private let salt: [UInt8]
    private let cost: (n: UInt64, r: UInt64, p: UInt64)
    /// Key id, seed, public key and checksum, sealed or not.
    let sealed: [UInt8]

    private static let byteCount = 2 + 2 + 2 + 32 + 8 + 8 + 104
    /// minisign itself takes 1 GiB.
    private static let maximumMemory: UInt64 = 2 << 30

    init(_ text: String) throws(KeyError) {
        let lines = text.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }
        guard lines.count == 2, let bytes = Base64.decode(lines[1]), bytes.count == Self.byteCount else {
            throw .notASecretKey("it is no whole secret key of minisign's")
        }
        guard bytes.starts(with: Array("Ed".utf8)), bytes[4..<6].elementsEqual(Array("B2".utf8)) else {
            throw .notASecretKey("it is a key of minisign's of a kind that is not known")
        }
        isEncrypted = bytes[2..<4].elementsEqual(Array("Sc".utf8))
        guard isEncrypted || bytes[2..<4].allSatisfy({ $0 == 0 }) else {
            throw .notASecretKey("its passphrase is applied in a way that is not known")
        }
        salt = Array(bytes[6..<38])
        func number(_ range: Range<Int>) -> UInt64 { bytes[range].reversed().reduce(0) { $0 << 8 | UInt64($1) } }
        let (operations, memory) = (number(38..<46), number(46..<54))
        guard !isEncrypted || memory <= Self.maximumMemory else {
            throw .notASecretKey("its passphrase wants \(memory) bytes of memory")
        }
        cost = Self.cost(operations: max(operations, 32_768), memory: memory)
        sealed = Array(bytes[54...])
    }

    /// The parameters of scrypt (RFC 7914) that libsodium makes of its limits.
    private static func cost(operations: UInt64, memory: UInt64) -> (n: UInt64, r: UInt64, p: UInt64) {
        let r: UInt64 = 8
        func exponent(_ most: UInt64) -> UInt64 { (1..<63).first { UInt64(1) << $0 > most / 2 } ?? 63 }
        guard operations >= memory / 32 else { return (1 << exponent(operations / (r * 4)), r, 1) }
        let n = UInt64(1) << exponent(memory / (r * 128))
        return (n, r, max(1, min(operations / 4 / n, 0x3fff_ffff) / r))
    }

    /// What the sealed bytes are mixed with.
    func stream(_ passphrase: [UInt8]) throws(KeyError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: sealed.count)
        let text = passphrase.map { CChar(bitPattern: $0) }
        do {
            try openSSL(
                "derive a key from a passphrase",
                returnsOne: {
                    EVP_PBE_scrypt(
                        text,
                        text.count,
                        salt,
                        salt.count,
                        cost.n,
                        cost.r,
                        cost.p,
                        Self.maximumMemory + (64 << 20),
                        &bytes,
                        bytes.count
                    )
                }
            )
        } catch {
            throw .openSSL(error)
        }
        return bytes
    }
}
