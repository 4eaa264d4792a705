import FDLCrypto

/// Which of some keys have signed some bytes, as far as their signatures have been looked at.
struct CheckedSignatures {
    private let message: [UInt8]
    private let keys: [PublicKey]
    /// Each once, by its 32 bytes, in the order of the signatures.
    private(set) var signers: [PublicKey] = []
    /// The trusted comment of the first signature that holds.
    private(set) var trustedComment: String?

    init(of message: [UInt8], keys: [PublicKey]) {
        self.message = message
        self.keys = keys
    }

    /// Looks at one signature more.
    /// - Returns: why it does not hold; nil if it does.
    mutating func check(_ signature: [UInt8]) -> SignatureError? {
        do throws(SignatureError) {
            let parsed = try MinisignSignature(parsing: signature)
            let signer = try parsed.verify(message, acceptedKeys: keys)
            if signers.isEmpty { trustedComment = String(decoding: parsed.trustedComment, as: UTF8.self) }
            if !signers.contains(where: { $0.bytes == signer.bytes }) { signers.append(signer) }
            return nil
        } catch {
            return error
        }
    }
}
