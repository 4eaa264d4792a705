public import FDLCore
public import FDLCrypto
import FDLSystem
public import FDLTrust
import Glibc

/// A manifest's text and its signature, made and written.
extension SignedBytes {
    /// Encodes and signs.
    /// - Parameters:
    ///   - fileName: what the manifest's file will be called; the trusted comment states it, as minisign's does.
    ///   - now: the publisher's clock.
    /// - Throws: `PublishingError.manifest` or `.signing`
    public init(
        _ manifest: Manifest,
        signedWith key: borrowing SecretKey,
        fileName: String,
        now: UTCTime
    ) throws(PublishingError) {
        let bytes = manifest.encoded()
        // A manifest that no reader accepts must not be signed.
        do { _ = try Manifest(parsing: bytes) } catch { throw .manifest(error) }
        let shownName = String(
            String.UnicodeScalarView(
                fileName.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }
            )
        )
        let comment = "timestamp:\(now.secondsSince1970)\tfile:\(shownName)\thashed"
        do {
            let signature = try MinisignSignature(signing: bytes, with: key, trustedComment: comment)
            self.init(manifest: bytes, signature: signature.encoded, origin: fileName)
        } catch {
            throw .signing(error)
        }
    }

    /// Checks that the manifest of `input` can be written to `path`, as far as can be told before it is made.
    ///
    /// Files that are there already may be replaced only if they are a manifest and a signature, or empty.
    /// - Throws: `PublishingError.output`, `.outputIsInput` or `.outputNotOurs`
    public static func checkOutput(_ path: String, publishing input: PublishingInput) throws(PublishingError) {
        do throws(SystemError) {
            let directory = try FileStatus(path: Directory.containing(path))
            guard directory.kind == .directory else {
                throw SystemError(operation: .create, path: path, code: ENOTDIR)
            }
            guard access(Directory.containing(path), W_OK) == 0 else {
                throw SystemError(operation: .create, path: path, code: errno)
            }
        } catch {
            throw .output(error)
        }
        let published = Set(input.files.map(\.identity.file))
        try checkReplaceable(path, by: Array(Manifest.format.utf8), published)
        try checkReplaceable(FileNames.signature(of: path), by: Array("untrusted comment:".utf8), published)
    }

    /// - Parameter mark: what the beginning of a file that may be replaced contains.
    private static func checkReplaceable(
        _ path: String,
        by mark: [UInt8],
        _ published: Set<FileStatus.Identity>
    ) throws(PublishingError) {
        let status: FileStatus
        do throws(SystemError) {
            status = try FileStatus(path: path)
        } catch {
            // For instance a name that is too long for the second file: that must show before the first is written.
            guard error.isNotFound else { throw .output(error) }
            return
        }
        guard status.kind != .directory else {
            throw .output(SystemError(operation: .replace, path: path, code: EISDIR))
        }
        guard !published.contains(FileIdentity(status).file) else { throw .outputIsInput(path: path) }
        guard status.kind == .regular else { throw .outputNotOurs(path: path) }
        var beginning = [UInt8](repeating: 0, count: 4096)
        do throws(SystemError) {
            let file = try Descriptor(opening: path, flags: O_RDONLY | O_NOCTTY)
            let count = try beginning.withUnsafeMutableBufferPointer { bytes throws(SystemError) in
                try file.read(into: UnsafeMutableRawBufferPointer(bytes), at: 0)
            }
            beginning.removeSubrange(count...)
        } catch {
            throw .output(error)
        }
        guard beginning.isEmpty || beginning.contains(mark) else { throw .outputNotOurs(path: path) }
    }

    /// Writes both files; neither is there before both are whole.
    ///
    /// Two names cannot change at once. The signature gets its name first, so that a worker, which looks for manifests,
    /// finds a new one only when its signature is there; a kill between the two renames leaves a signature that nobody
    /// looks for. If an earlier pair is replaced, a reader in between, or after such a kill, finds two files that do
    /// not match: it takes them for a pair that is being replaced, and reads both again.
    /// - Throws: `PublishingError.output`
    public func write(to path: String) throws(PublishingError) {
        do {
            let files = [(FileNames.signature(of: path), signature), (path, manifest)]
            try WholeFile.replace(files.compactMap { path, bytes in bytes.map { (path, $0) } }, mode: 0o666)
        } catch {
            throw .output(error)
        }
    }
}
