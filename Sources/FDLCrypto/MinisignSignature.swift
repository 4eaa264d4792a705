import COpenSSL
package import FDLCore
package import FDLOpenSSL

/// A signature in minisign's format, prehashed: Ed25519 over the BLAKE2b-512 digest (RFC 7693) of the file, and a
/// second one over the first and the trusted comment.
package struct MinisignSignature: Sendable, Hashable {
    /// More than any signature file of minisign has: its comments end at 8 KiB.
    package static let maximumBytes = 32 << 10
    static let signatureByteCount = 64

    package let keyID: KeyID
    /// What the signer says beside the file, without its prefix. To be believed only once the signature is verified.
    package let trustedComment: [UInt8]
    private let signature: [UInt8]
    private let globalSignature: [UInt8]

    private static let untrustedPrefix = Array("untrusted comment: ".utf8)
    private static let trustedPrefix = Array("trusted comment: ".utf8)
    private static let prehashed = Array("ED".utf8)

    /// A trusted comment as minisign makes it, and the SHA-256 of what is signed: so that a server, which has no keys,
    /// sees whether the two belong together.
    package static func comment(file: String, digest: SHA256Digest, secondsSince1970 time: Int64) -> String {
        "timestamp:\(time)\tfile:\(file)\thashed\t\(digestPrefix)\(digest.hex)"
    }

    private static let digestPrefix = "sha256:"

    /// The SHA-256 of what is signed, if the trusted comment states one. Nobody has verified it.
    package var statedDigest: SHA256Digest? {
        let fields = String(decoding: trustedComment, as: UTF8.self).split(separator: "\t")
        return fields.last { $0.hasPrefix(Self.digestPrefix) }
            .flatMap { SHA256Digest(hex: $0.dropFirst(Self.digestPrefix.count)) }
    }

    /// Signs `message`.
    /// - Parameter trustedComment: must have no line break.
    package init(signing message: [UInt8], with key: borrowing SecretKey, trustedComment: String) throws(OpenSSLError) {
        self.keyID = key.publicKey.id
        self.trustedComment = Array(trustedComment.utf8)
        self.signature = try key.signature(of: Self.digest(of: message))
        self.globalSignature = try key.signature(of: signature + self.trustedComment)
    }

    /// Reads the four lines of a signature file.
    /// - Throws: `SignatureError.malformed` or `.legacy`.
    package init(parsing bytes: [UInt8]) throws(SignatureError) {
        guard !bytes.isEmpty else { throw .malformed("it is empty") }
        guard bytes.count <= Self.maximumBytes else {
            throw .malformed("it is over \(Self.maximumBytes) bytes long")
        }
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }
        while lines.last?.isEmpty == true { lines.removeLast() }
        guard lines.count >= 4 else {
            throw .malformed("it is cut short: it has \(lines.count) of four lines")
        }
        guard lines.count == 4 else { throw .malformed("it has more than four lines") }
        guard lines[0].starts(with: Self.untrustedPrefix) else {
            throw .malformed("its first line is not an untrusted comment")
        }
        guard lines[2].starts(with: Self.trustedPrefix) else {
            throw .malformed("its third line is not a trusted comment")
        }
        let named = try Self.decode(lines[1], count: 10 + Self.signatureByteCount, line: "second")
        // minisign -l signs the file itself; there is no use in two kinds where one can be had everywhere.
        if named.starts(with: PublicKey.algorithm) { throw .legacy }
        guard named.starts(with: Self.prehashed), let keyID = KeyID(bytes: named[2..<10]) else {
            throw .malformed("its algorithm is unknown")
        }
        self.keyID = keyID
        self.signature = Array(named[10...])
        self.trustedComment = Array(lines[2].dropFirst(Self.trustedPrefix.count))
        self.globalSignature = try Self.decode(lines[3], count: Self.signatureByteCount, line: "fourth")
    }

    /// The signature file's bytes.
    package var encoded: [UInt8] {
        Self.untrustedPrefix + Array("signature from fdl secret key \(keyID)\n".utf8)
            + Array(Base64.encode(Self.prehashed + keyID.bytes + signature).utf8) + Array("\n".utf8)
            + Self.trustedPrefix + trustedComment + Array("\n".utf8)
            + Array(Base64.encode(globalSignature).utf8) + Array("\n".utf8)
    }

    /// Checks both signatures.
    /// - Returns: which of `keys` made them.
    /// - Throws: `SignatureError.unknownKey`, `.mismatch` or `.trustedCommentTampered`.
    package func verify(_ message: [UInt8], acceptedKeys keys: [PublicKey]) throws(SignatureError) -> PublicKey {
        let candidates = keys.filter { $0.id == keyID }
        guard !candidates.isEmpty else { throw .unknownKey(keyID) }
        let digest: [UInt8]
        do { digest = try Self.digest(of: message) } catch { throw .openSSL(error) }
        // Two keys may bear one id: it is theirs to choose.
        guard let signer = candidates.first(where: { $0.isSignature(signature, of: digest) }) else {
            throw .mismatch(keyID)
        }
        guard signer.isSignature(globalSignature, of: signature + trustedComment) else {
            throw .trustedCommentTampered(keyID)
        }
        return signer
    }

    private static func decode(
        _ line: ArraySlice<UInt8>,
        count: Int,
        line name: String
    ) throws(SignatureError) -> [UInt8] {
        guard let bytes = Base64.decode(String(decoding: line, as: UTF8.self)) else {
            throw .malformed("its \(name) line is not base64")
        }
        guard bytes.count == count else {
            throw .malformed("its \(name) line has \(bytes.count) bytes where it should have \(count)")
        }
        return bytes
    }

    private static func digest(of message: [UInt8]) throws(OpenSSLError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 64)
        try openSSL(
            "hash with BLAKE2b",
            returnsOne: { EVP_Digest(message, message.count, &digest, nil, EVP_blake2b512(), nil) }
        )
        return digest
    }
}
