import FDLCore

/// The two questions that a signer asks an SSH agent (draft-ietf-sshm-ssh-agent), as bytes.
package enum SSHAgentMessage {
    /// An Ed25519 key (RFC 8709) that an agent holds.
    package struct Identity: Sendable, Hashable {
        /// The key as the agent names it.
        package let blob: [UInt8]
        /// What its owner calls it.
        package let comment: String
        package let publicKey: PublicKey

        /// `SHA256:` and base64 without `=`, as `ssh-add -l` shows it.
        package var fingerprint: String {
            "SHA256:" + Base64.encode(SHA256Digest(hashing: blob).bytes).filter { $0 != "=" }
        }
    }

    private static let algorithm = Array("ssh-ed25519".utf8)

    /// Asks for the keys that the agent holds: SSH_AGENTC_REQUEST_IDENTITIES.
    package static let requestIdentities: [UInt8] = [11]

    /// Asks for a signature: SSH_AGENTC_SIGN_REQUEST, no flags.
    package static func sign(_ message: [UInt8], with blob: [UInt8]) -> [UInt8] {
        [13] + string(blob) + string(message) + [0, 0, 0, 0]
    }

    /// The Ed25519 keys of SSH_AGENT_IDENTITIES_ANSWER; those of other kinds are passed over.
    /// - Returns: nil for any other answer.
    package static func identities(in answer: [UInt8]) -> [Identity]? {
        var reader = Reader(answer)
        guard reader.byte() == 12, let count = reader.number() else { return nil }
        var identities: [Identity] = []
        for _ in 0..<count {
            guard let blob = reader.string(), let comment = reader.string() else { return nil }
            var key = Reader(blob)
            guard key.string() == algorithm, let bytes = key.string(), let publicKey = PublicKey(bytes: bytes) else {
                continue
            }
            identities.append(
                Identity(blob: blob, comment: String(decoding: comment, as: UTF8.self), publicKey: publicKey)
            )
        }
        return identities
    }

    /// The 64 bytes of SSH_AGENT_SIGN_RESPONSE.
    /// - Returns: nil for any other answer, such as a refusal.
    package static func signature(in answer: [UInt8]) -> [UInt8]? {
        var reader = Reader(answer)
        guard reader.byte() == 14, let whole = reader.string() else { return nil }
        var parts = Reader(whole)
        guard parts.string() == algorithm, let signature = parts.string(), signature.count == 64 else { return nil }
        return signature
    }

    /// RFC 4251 section 5: the length in four bytes, then the bytes.
    private static func string(_ bytes: [UInt8]) -> [UInt8] {
        let count = UInt32(bytes.count)
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) } + bytes
    }

    private struct Reader {
        private var rest: ArraySlice<UInt8>

        init(_ bytes: [UInt8]) {
            rest = bytes[...]
        }

        mutating func byte() -> UInt8? { rest.popFirst() }

        mutating func number() -> UInt32? {
            guard rest.count >= 4 else { return nil }
            defer { rest = rest.dropFirst(4) }
            return rest.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
        }

        mutating func string() -> [UInt8]? {
            guard let count = number(), rest.count >= Int(count) else { return nil }
            defer { rest = rest.dropFirst(Int(count)) }
            return Array(rest.prefix(Int(count)))
        }
    }
}
