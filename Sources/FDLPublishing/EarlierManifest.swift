public import FDLCore
public import FDLCrypto
import FDLSystem

/// What a publisher signed before and is about to replace.
public enum EarlierManifest: Sendable, Hashable {
    /// There is none of that name and publisher.
    case none
    case version(Int64)
    /// It cannot be read, so nobody knows what its version was.
    case unreadable(path: String, reason: String)

    /// Looks at the manifest in a file.
    /// - Parameters:
    ///   - name: what the new manifest is a version of: readers count each name by itself.
    ///   - signer: who will sign the new one: readers count each key by itself.
    public init(at path: String, name: ManifestName, signer: PublicKey) {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try WholeFile.read(path, limit: Manifest.maximumBytes)
        } catch {
            self = error.isNotFound ? .none : .unreadable(path: path, reason: SystemError.text(error.code))
            return
        }
        guard !bytes.isEmpty else {
            self = .none
            return
        }
        let manifest: Manifest
        do throws(ManifestError) {
            manifest = try Manifest(parsing: bytes)
        } catch {
            self = .unreadable(path: path, reason: "\(error)")
            return
        }
        self = manifest.name == name && !Self.isAnothers(bytes, path, signer) ? .version(manifest.version) : .none
    }

    /// Whether a signature says that another key has signed it. One that is missing or does not match says nothing: it
    /// may be what a killed run has left.
    private static func isAnothers(_ bytes: [UInt8], _ path: String, _ signer: PublicKey) -> Bool {
        let signaturePath = path + SignedManifest.signatureSuffix
        guard let signature = try? WholeFile.read(signaturePath, limit: MinisignSignature.maximumBytes) else {
            return false
        }
        do throws(VerificationError) {
            _ = try VerifiedManifest.verify(manifest: bytes, signature: signature, acceptedKeys: [signer])
            return false
        } catch {
            if case .unknownKey = error { return true }
            return false
        }
    }
}
