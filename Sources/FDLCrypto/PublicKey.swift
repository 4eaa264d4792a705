import COpenSSL
import FDLCore
import FDLOpenSSL

/// The eight bytes by which a signature names its key. A name, not a proof: anybody may choose one.
public struct KeyID: Sendable, Hashable, CustomStringConvertible {
    public static let byteCount = 8

    /// As they stand in minisign's files.
    public let bytes: [UInt8]

    /// - Returns: nil if there are not exactly eight.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = Array(bytes)
    }

    /// As minisign shows it: 16 uppercase hexadecimal digits, the last byte first.
    public var description: String { Hex.string(bytes.reversed()).uppercased() }
}

/// A publisher's Ed25519 public key (RFC 8032) and the id its signatures bear.
public struct PublicKey: Sendable, Hashable {
    public static let byteCount = 32

    /// The key as RFC 8032 encodes it.
    public let bytes: [UInt8]
    public let id: KeyID

    // What minisign's files begin with, before the base64.
    static let algorithm = Array("Ed".utf8)
    private static let commentPrefix = "untrusted comment: "

    /// A key of our own kind: its id is the first 8 bytes of its SHA-256.
    /// - Returns: nil if there are not exactly 32 bytes.
    init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount,
            let id = KeyID(bytes: SHA256Digest(hashing: bytes).bytes.prefix(KeyID.byteCount))
        else { return nil }
        self.bytes = bytes
        self.id = id
    }

    /// The key of a secret key that has an id of its own.
    init(_ bytes: [UInt8], id: KeyID) {
        self.bytes = bytes
        self.id = id
    }

    /// Reads a public key file in minisign's format, or its second line alone.
    /// - Throws: `KeyError`
    public init(minisign text: String) throws(KeyError) {
        let lines = text.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }
        let encoded: Substring
        switch lines.count {
        case 1: encoded = lines[0]
        case 2:
            guard lines[0].hasPrefix(Self.commentPrefix) else {
                throw .notAPublicKey("its first line does not begin with \"\(Self.commentPrefix)\"")
            }
            encoded = lines[1]
        default: throw .notAPublicKey("it does not have the two lines of a minisign public key")
        }
        guard !encoded.contains("PRIVATE KEY"), let raw = Base64.decode(encoded) else {
            throw .notAPublicKey("its key is not base64")
        }
        guard raw.count == Self.algorithm.count + KeyID.byteCount + Self.byteCount else {
            throw .notAPublicKey("it has \(raw.count) bytes where a public key has 42")
        }
        guard raw.starts(with: Self.algorithm), let id = KeyID(bytes: raw[2..<10]) else {
            throw .notAPublicKey("it is not an Ed25519 key")
        }
        self.id = id
        self.bytes = Array(raw[10...])
        do { try Ed25519Point.check(bytes) } catch {
            switch error {
            case .notOnCurve: throw .notAPublicKey("its point is not on the curve of Ed25519")
            case .smallOrder: throw .notAPublicKey("its point is of small order: anybody could sign for it")
            case .openSSL(let error): throw .openSSL(error)
            }
        }
    }

    /// The key in minisign's format: what `minisign -p` reads, and what readers are given.
    public var minisignText: String {
        "\(Self.commentPrefix)minisign public key \(id)\n\(minisignLine)\n"
    }

    /// The second line of `minisignText`, which `minisign -P` takes and which stands for the key in a command line.
    public var minisignLine: String { Base64.encode(Self.algorithm + id.bytes + bytes) }

    /// Whether `signature` is this key's Ed25519 signature of `message`. Anything malformed is simply not one.
    func isSignature(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        do {
            let key = try openSSL("read a public key") {
                EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count)
            }
            defer { EVP_PKEY_free(key) }
            let context = try openSSL("check a signature") { EVP_MD_CTX_new() }
            defer { EVP_MD_CTX_free(context) }
            try openSSL("check a signature", returnsOne: { EVP_DigestVerifyInit(context, nil, nil, nil, key) })
            try openSSL(
                "check a signature",
                returnsOne: { EVP_DigestVerify(context, signature, signature.count, message, message.count) }
            )
            return true
        } catch {
            return false
        }
    }
}
