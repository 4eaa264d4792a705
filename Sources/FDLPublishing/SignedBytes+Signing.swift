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
        self.init(manifest: bytes, signature: nil, origin: fileName)
        try sign(with: key, now: now)
    }

    /// Adds a signature: the first, or one more beside it.
    /// - Throws: `PublishingError.signing`
    public mutating func sign(with key: borrowing SecretKey, now: UTCTime) throws(PublishingError) {
        let file = splitLast(origin).name
        do {
            let comment = MinisignSignature.comment(
                file: String(
                    String.UnicodeScalarView(
                        file.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }
                    )
                ),
                digest: SHA256Digest(hashing: manifest),
                secondsSince1970: now.secondsSince1970
            )
            let made = try MinisignSignature(signing: manifest, with: key, trustedComment: comment).encoded
            if signature == nil {
                self = SignedBytes(manifest: manifest, signature: made, origin: origin)
            } else {
                furtherSignatures.append(made)
            }
        } catch {
            throw .signing(error)
        }
    }

    /// Checks that the manifest of `input` can be written to `path`, as far as can be told before it is made.
    ///
    /// Files that are there already may be replaced only if they are a manifest and a signature, or empty.
    /// - Throws: `PublishingError.output`, `.outputIsInput` or `.outputNotOurs`
    /// - Parameter keys: the ids of the keys that sign beside the first.
    public static func checkOutput(
        _ path: String,
        publishing input: PublishingInput,
        keys: [KeyID] = []
    ) throws(PublishingError) {
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
        for key in [nil] + keys.map(\.description) {
            try checkReplaceable(FileNames.signature(of: path, by: key), by: signatureMark, published)
        }
    }

    /// What signatures begin with.
    private static let signatureMark = Array("untrusted comment:".utf8)

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

    /// Writes the manifest and its signatures; none is there before all are whole. Signatures of other keys that lay
    /// beside an earlier manifest there are removed.
    ///
    /// Two names cannot change at once. The signatures get their names first, so that a worker, which looks for
    /// manifests, finds a new one only when its signatures are there; a kill between the renames leaves signatures that
    /// nobody looks for. If an earlier pair is replaced, a reader in between, or after such a kill, finds two files that
    /// do not match: it takes them for a pair that is being replaced, and reads both again.
    /// - Throws: `PublishingError.output`
    public func write(to path: String) throws(PublishingError) {
        let further = Self.further(furtherSignatures, of: path)
        let first = signature.map { [(path: FileNames.signature(of: path), bytes: $0)] } ?? []
        do {
            try WholeFile.replace(further + first + [(path, manifest)], mode: 0o666)
        } catch {
            throw .output(error)
        }
        // They are of the manifest that was there before, and vouch for nothing now.
        for stale in Self.furtherFiles(of: path) where !further.contains(where: { $0.path == stale }) {
            _ = unlink(stale)
        }
    }

    /// Writes one more signature beside a manifest that is there.
    /// - Throws: `PublishingError.output` or `.outputNotOurs`
    package static func add(_ signature: [UInt8], by key: KeyID?, to path: String) throws(PublishingError) {
        let file = FileNames.signature(of: path, by: key?.description)
        try checkReplaceable(file, by: signatureMark, [])
        do { try WholeFile.replace(file, with: signature, mode: 0o666) } catch { throw .output(error) }
    }

    private static func further(_ signatures: [[UInt8]], of path: String) -> [(path: String, bytes: [UInt8])] {
        signatures.compactMap { bytes in
            let key = try? MinisignSignature(parsing: bytes).keyID
            return key.map { (FileNames.signature(of: path, by: $0.description), bytes) }
        }
    }

    /// The signatures that lie beside the first of a manifest.
    package static func furtherFiles(of path: String) -> [String] {
        let directory = Directory.containing(path)
        let prefix = splitLast(path).directory.map { $0 + "/" } ?? ""
        let files = (try? FileTree.regularFiles(beneath: directory, descend: { _ in false }).files) ?? []
        return files.map { prefix + $0.path }.filter { file in
            let signed = FileNames.signed(bySignature: file)
            return signed?.keyID != nil && signed?.document == path
        }
    }
}
