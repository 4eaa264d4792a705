/// Why a manifest is refused. Each rule of `docs/formats.md` has its own case, and each case its own sentence.
public enum ManifestError: Error, Hashable, Sendable {
    case tooLarge(bytes: Int)
    case notUTF8
    /// Not JSON (RFC 8259); `offset` is the byte at which reading stopped.
    case malformedJSON(offset: Int, reason: String)
    case missingField(String)
    case duplicateField(String)
    /// A field holds the wrong kind of value, or one that its rule forbids.
    case invalidField(String, reason: String)
    case wrongFormat(String)
    case unknownHash(String)
    case invalidName(String)
    case versionOutOfRange
    case invalidTime(field: String, value: String)
    case invalidChunkSize
    case noFiles
    case negativeSize(path: String)
    case sizeOverflow
    case chunkCountMismatch(path: String?, expected: Int64, found: Int64)
    case invalidDigest(path: String, index: Int)
    case tooManyChunks
    case invalidPath(String, SafePathError)
    case duplicatePath(String)
    case pathInsideFile(path: String, file: String)
    case invalidSource(String, SourceURLError)
    case invalidPin(String)
}
