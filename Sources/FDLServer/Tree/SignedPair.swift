import FDLCore
import FDLCrypto
import FDLSystem
import Glibc

/// A manifest's file and its signatures, as they were read together.
///
/// Two files cannot be replaced at once, and a worker that opened whatever is there at each request would hand out the
/// one of today with the other of tomorrow. So the signatures are kept in memory, and are those of the manifest whose
/// status is known. A worker has no keys: that a signature fits it sees by the SHA-256 in its trusted comment, where
/// there is one.
struct SignedPair: Sendable, Equatable {
    struct Signature: Sendable, Equatable {
        let status: FileStatus
        let bytes: [UInt8]
    }

    /// Of the manifest's file.
    let status: FileStatus
    /// By what their names add to the manifest's: `.minisig`, `.KEYID.minisig`.
    let signatures: [String: Signature]

    /// How often a pair that does not fit is read again, and how long the pause before is, in microseconds: a publisher
    /// is putting a new one there. Renames take microseconds.
    private static let readings = 5
    private static let pause: UInt32 = 2_000

    /// Reads the signatures of a manifest.
    /// - Parameters:
    ///   - suffixes: of the signatures that are there.
    ///   - earlier: the pair as it was read last.
    ///   - manifest: reads the manifest's file again.
    /// - Throws: `SystemError` if this machine cannot read one now.
    static func read(
        _ path: String,
        _ suffixes: [String],
        in root: ServedRoot,
        earlier: SignedPair?,
        manifest: () throws(SystemError) -> (status: FileStatus, digest: SHA256Digest)?
    ) throws(SystemError) -> SignedPair? {
        for reading in 1...readings {
            // The signatures come first, as they do when they are written.
            var found: [String: Signature] = [:]
            for suffix in suffixes { found[suffix] = try signature(path + suffix, in: root) }
            guard let (status, digest) = try manifest() else { return nil }
            let fitting = found.filter { $0.value.fits(digest) }
            // What does not fit beside a manifest that is the same as before: its successor is not there yet.
            let kept = earlier?.status == status ? earlier?.signatures ?? [:] : [:]
            let signatures = fitting.merging(kept.filter { found[$0.key] != nil }) { new, _ in new }
            if signatures.count == found.count || reading == readings {
                return SignedPair(status: status, signatures: found.merging(signatures) { _, fitting in fitting })
            }
            usleep(pause)
        }
        return nil
    }

    private static func signature(_ path: String, in root: ServedRoot) throws(SystemError) -> Signature? {
        guard let file = try root.open(path) else { return nil }
        do throws(SystemError) {
            return Signature(status: file.status, bytes: try file.readAll(limit: MinisignSignature.maximumBytes))
        } catch {
            guard error.code == EFBIG else { throw error }
            return nil
        }
    }
}

extension SignedPair.Signature {
    /// Whether it may be the signature of such a manifest.
    fileprivate func fits(_ digest: SHA256Digest) -> Bool {
        guard let stated = try? MinisignSignature(parsing: bytes).statedDigest else { return true }
        return stated == digest
    }
}
