public import FDLCore
public import FDLCrypto

/// A manifest that may be downloaded: signed by a publisher the reader accepts, or taken unsigned by the reader's own
/// word. There is no third way to have one.
public struct VerifiedManifest: Sendable {
    public let manifest: Manifest
    /// Who signed; nil if the reader allowed an unsigned manifest.
    public let signer: PublicKey?
    /// What the signer said beside the manifest, for people; nil likewise.
    public let trustedComment: String?

    /// Verifies the signature, and only then parses what it covers.
    /// - Parameters:
    ///   - bytes: the manifest, and its signature in minisign's format.
    ///   - acceptedKeys: the publishers the reader accepts.
    public static func verify(
        _ bytes: SignedBytes,
        acceptedKeys: [PublicKey]
    ) throws(VerificationError) -> VerifiedManifest {
        let manifest = bytes.manifest
        guard manifest.count <= Manifest.maximumBytes else { throw .manifest(.tooLarge(bytes: manifest.count)) }
        guard let signature = bytes.signature else {
            throw .signatureMissing(path: FileNames.signature(of: bytes.origin))
        }
        let parsed: MinisignSignature
        let signer: PublicKey
        do throws(SignatureError) {
            parsed = try MinisignSignature(parsing: signature)
            signer = try parsed.verify(manifest, acceptedKeys: acceptedKeys)
        } catch {
            throw .signature(error)
        }
        return VerifiedManifest(
            manifest: try Self.parse(manifest),
            signer: signer,
            trustedComment: String(decoding: parsed.trustedComment, as: UTF8.self)
        )
    }

    /// Takes a manifest that nobody has vouched for: only if the person running the program said so.
    public init(allowingUnsigned bytes: SignedBytes) throws(VerificationError) {
        self.init(manifest: try Self.parse(bytes.manifest), signer: nil, trustedComment: nil)
    }

    private init(manifest: Manifest, signer: PublicKey?, trustedComment: String?) {
        self.manifest = manifest
        self.signer = signer
        self.trustedComment = trustedComment
    }

    private static func parse(_ bytes: [UInt8]) throws(VerificationError) -> Manifest {
        do {
            return try Manifest(parsing: bytes)
        } catch {
            throw .manifest(error)
        }
    }
}
