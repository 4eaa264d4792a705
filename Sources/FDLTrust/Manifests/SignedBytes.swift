import FDLCore
package import FDLCrypto
import FDLSystem
import Glibc

/// A manifest's exact bytes and those of its signatures, as they were made or read: nobody has vouched for them yet.
public struct SignedBytes: Sendable, Hashable {
    public let manifest: [UInt8]
    /// The first signature, `NAME.minisig`; nil if there is none.
    public let signature: [UInt8]?
    /// Those by other keys that lie beside the first, as `NAME.KEYID.minisig`.
    public package(set) var furtherSignatures: [[UInt8]] = []
    /// What the manifest was read from, for messages: a path or a URL.
    public let origin: String

    public init(manifest: [UInt8], signature: [UInt8]?, origin: String) {
        self.manifest = manifest
        self.signature = signature
        self.origin = origin
    }

    /// Reads a manifest's file and the signature beside it, if there is one.
    public init(readingFile path: String) throws(VerificationError) {
        self.init(
            manifest: try Self.manifest(inFile: path),
            signature: try Self.signature(besideFile: path),
            origin: path
        )
    }

    /// Reads a manifest's file alone.
    package static func manifest(inFile path: String) throws(VerificationError) -> [UInt8] {
        do throws(SystemError) {
            return try WholeFile.read(path, limit: Manifest.maximumBytes)
        } catch {
            throw error.code == EFBIG ? .manifest(.tooLarge(bytes: Manifest.maximumBytes + 1)) : .unreadable(error)
        }
    }

    /// Reads a signature that lies beside a manifest's file.
    /// - Parameter key: whose it is; nil for the first.
    /// - Returns: nil if there is none.
    package static func signature(
        besideFile path: String,
        by key: KeyID? = nil
    ) throws(VerificationError) -> [UInt8]? {
        do throws(SystemError) {
            let file = FileNames.signature(of: path, by: key?.description)
            return try WholeFile.read(file, limit: MinisignSignature.maximumBytes)
        } catch {
            guard !error.isNotFound else { return nil }
            throw error.code == EFBIG ? .signature(.malformed("it is too long")) : .unreadable(error)
        }
    }
}
