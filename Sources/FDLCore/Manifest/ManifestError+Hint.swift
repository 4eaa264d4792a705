extension ManifestError: CustomStringConvertible {
    /// One sentence without a full stop.
    public var description: String {
        switch self {
        case .tooLarge(let bytes):
            "the manifest is too large: \(bytes) bytes, more than 64 MiB"
        case .wrongFormat(let format):
            "the manifest's format is \(Self.quoted(format)), not \(Self.quoted(Manifest.format))"
        case .unknownHash(let hash):
            "the manifest's hash is \(Self.quoted(hash)), not \(Self.quoted(Manifest.hash))"
        case .notUTF8, .malformedJSON, .missingField, .duplicateField, .invalidField, .invalidName, .versionOutOfRange,
            .invalidTime:
            description(of: "the manifest")
        case .invalidChunkSize:
            "the manifest's chunkSize is not a power of two from 64 KiB to 16 MiB"
        case .noFiles, .negativeSize, .sizeOverflow, .chunkCountMismatch, .invalidDigest, .tooManyChunks:
            contentsDescription
        case .invalidPath, .duplicatePath, .pathInsideFile:
            pathDescription
        case .invalidSource(let url, let error):
            "the manifest's source \(Self.quoted(shownURL(url))) is refused: \(error)"
        case .invalidPin(let pin):
            "the manifest's pin \(Self.quoted(pin)) is not sha256// and the base64 of 32 bytes"
        }
    }

    /// The same of another signed document, as far as its text can have such a fault.
    package func description(of document: String) -> String {
        switch self {
        case .tooLarge(let bytes): "\(document) is too large: \(bytes) bytes"
        case .notUTF8: "\(document) is not UTF-8 text"
        case .malformedJSON(let offset, let reason): "\(document) is not JSON: \(reason) at byte \(offset)"
        case .missingField(let field): "\(document) lacks the field \(Self.quoted(field))"
        case .duplicateField(let field): "\(document) has the field \(Self.quoted(field)) twice in one object"
        case .invalidField(let field, let reason): "\(document)'s field \(Self.quoted(field)) is wrong: \(reason)"
        case .invalidName(let name) where ManifestName.isSpelled(name):
            "\(document)'s name \(Self.quoted(name)) is one that a tree has for its own files"
        case .invalidName(let name):
            "\(document)'s name \(Self.quoted(name)) is not 1 to \(ManifestName.maximumBytes) of A-Z a-z 0-9 . _ -"
        case .versionOutOfRange:
            "\(document)'s version is not a whole number from 1 to \(Manifest.allowedVersions.upperBound)"
        case .invalidTime(let field, let value):
            "\(document)'s \(field) time \(Self.quoted(value)) is not of the form 2026-11-22T10:00:00Z"
        default: description
        }
    }

    private var contentsDescription: String {
        switch self {
        case .noFiles:
            "the manifest lists no files"
        case .negativeSize(let path):
            "the manifest gives \(Self.quoted(path)) a negative size"
        case .sizeOverflow:
            "the manifest's file sizes overflow 64 bits"
        case .chunkCountMismatch(let path, let expected, let found):
            "the manifest lists \(found) chunks"
                + (path.map { " for \(Self.quoted($0))" } ?? "") + " where the size makes \(expected)"
        case .invalidDigest(let path, let index):
            "the manifest's chunk \(index)" + (path.isEmpty ? "" : " of \(Self.quoted(path))")
                + " has a digest that is not 64 lowercase hexadecimal digits"
        default:
            "the manifest has more than \(Manifest.maximumChunks) chunks"
        }
    }

    private var pathDescription: String {
        switch self {
        case .invalidPath(let path, let error):
            "the manifest's path \(Self.quoted(path)) is refused: \(error)"
        case .duplicatePath(let path):
            "the manifest lists the path \(Self.quoted(path)) twice"
        case .pathInsideFile(let path, let file):
            "the manifest's path \(Self.quoted(path)) lies inside the file \(Self.quoted(file))"
        default:
            "the manifest has a path that is refused"
        }
    }

    /// Text from outside, in quotes and short enough for a line.
    private static func quoted(_ text: String) -> String { "\"\(shortened(text))\"" }
}

extension ManifestError: Explained {
    /// What a command says when it is given such a manifest.
    public var failure: Failure { Failure(.integrity, description, hint: hint) }

    private var hint: String {
        switch self {
        case .wrongFormat, .unknownHash:
            "use a newer fdl, or ask the publisher for a manifest of the format \(Manifest.format)"
        case .notUTF8, .malformedJSON:
            "fetch the manifest again; if it stays so, ask the publisher for a new one"
        case .tooLarge, .tooManyChunks:
            "ask the publisher for a manifest with larger chunks (fdl-sign manifest --chunk-size)"
        case .missingField, .duplicateField, .invalidField, .invalidName, .versionOutOfRange, .invalidTime,
            .invalidChunkSize, .noFiles, .negativeSize, .sizeOverflow, .chunkCountMismatch, .invalidDigest,
            .invalidPath, .duplicatePath, .pathInsideFile, .invalidSource, .invalidPin:
            "ask the publisher for a new manifest, made by fdl-sign manifest"
        }
    }
}
