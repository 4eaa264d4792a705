public import FDLCore
public import FDLCrypto
import FDLSystem
import Glibc

/// A manifest's text and its signature, ready to be written.
public struct SignedManifest: Sendable {
    public let bytes: [UInt8]
    public let signature: [UInt8]

    /// What a signature's file is called: the manifest's name with this behind it.
    public static let signatureSuffix = ".minisig"

    /// Encodes and signs.
    /// - Parameters:
    ///   - fileName: what the manifest's file will be called; the trusted comment says it, as minisign's does.
    ///   - now: the publisher's clock.
    public init(
        _ manifest: Manifest,
        signedWith key: borrowing SecretKey,
        fileName: String,
        now: UTCTime
    ) throws(PublishingError) {
        let bytes = manifest.encoded()
        // What no reader would take must not be signed.
        do { _ = try Manifest(parsing: bytes) } catch { throw .manifest(error) }
        let shownName = String(
            String.UnicodeScalarView(
                fileName.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }
            )
        )
        let comment = "timestamp:\(now.secondsSince1970)\tfile:\(shownName)\thashed"
        do {
            let signature = try MinisignSignature(signing: bytes, with: key, trustedComment: comment)
            self.signature = signature.encoded
        } catch {
            throw .signing(error)
        }
        self.bytes = bytes
    }

    /// Whether a manifest can be written to `path`, as far as can be told before the work of making it.
    public static func checkOutput(_ path: String) throws(PublishingError) {
        do throws(SystemError) {
            let directory = try FileStatus(path: Directory.containing(path))
            guard directory.kind == .directory else {
                throw SystemError(operation: "create", path: path, code: ENOTDIR)
            }
            guard access(Directory.containing(path), W_OK) == 0 else {
                throw SystemError(operation: "create", path: path, code: errno)
            }
            for path in [path, path + signatureSuffix] {
                if let status = try? FileStatus(path: path), status.kind == .directory {
                    throw SystemError(operation: "replace", path: path, code: EISDIR)
                }
            }
        } catch {
            throw .output(error)
        }
    }

    /// Writes both files; neither is there before both are whole.
    public func write(to path: String) throws(PublishingError) {
        do {
            try WholeFile.replace([(path + Self.signatureSuffix, signature), (path, bytes)], mode: 0o644)
        } catch {
            throw .output(error)
        }
    }
}
