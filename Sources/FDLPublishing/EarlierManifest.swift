package import FDLCore
package import FDLCrypto
import FDLSystem
import FDLTrust

/// What a publisher signed before and is about to replace.
package enum EarlierManifest: Sendable, Hashable {
    /// There is none of that name and key.
    case none
    case version(Int64)
    /// It cannot be read, so nobody knows what its version was.
    case unreadable(path: String, reason: String)

    /// Looks at the manifest in a file.
    /// - Parameters:
    ///   - name: what the new manifest is a version of: readers count each name by itself.
    ///   - signer: who will sign the new one: readers count each key by itself.
    package init(at path: String, name: ManifestName, signer: PublicKey) {
        let bytes: [UInt8]
        do throws(VerificationError) {
            bytes = try SignedBytes.manifest(inFile: path)
        } catch .unreadable(let error) {
            self = error.isNotFound ? .none : .unreadable(path: path, reason: SystemError.text(error.code))
            return
        } catch {
            self = .unreadable(path: path, reason: "\(error)")
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

    /// The highest version among the manifests in some files.
    /// - Parameter unreadable: told of each file that cannot be read, and why not.
    package static func highestVersion(
        at paths: [String],
        name: ManifestName,
        signer: PublicKey,
        unreadable: (_ path: String, _ reason: String) -> Void
    ) -> Int64? {
        var highest: Int64?
        for path in paths {
            switch EarlierManifest(at: path, name: name, signer: signer) {
            case .none: break
            case .version(let version): highest = max(version, highest ?? version)
            case .unreadable(let path, let reason): unreadable(path, reason)
            }
        }
        return highest
    }

    /// Whether the manifest's signature is by another key. A signature that is not there or does not match says
    /// nothing: a killed run may have left it like that.
    private static func isAnothers(_ bytes: [UInt8], _ path: String, _ signer: PublicKey) -> Bool {
        do throws(VerificationError) {
            let signature = try SignedBytes.signature(besideFile: path)
            let signed = SignedBytes(manifest: bytes, signature: signature, origin: path)
            _ = try VerifiedManifest.verify(signed, acceptedKeys: [signer])
            return false
        } catch .signature(.unknownKey) {
            return true
        } catch {
            return false
        }
    }
}
