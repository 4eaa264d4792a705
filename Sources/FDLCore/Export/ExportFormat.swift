/// What a manifest can be exported as, for programs that know nothing of it.
package enum ExportFormat: String, CaseIterable, Sendable {
    /// Metalink 4 (RFC 5854): mirrors and digests in one document.
    case metalink = "metalink4"
    /// What `sha256sum -c` takes.
    case checksums = "sha256sums"

    /// What a name in a tree's `/manifests/` ends in.
    package var suffix: String {
        switch self {
        case .metalink: ".meta4"
        case .checksums: ".sha256"
        }
    }

    /// For HTTP; Metalink's is registered by RFC 5854, section 8.1.
    package var mediaType: String {
        switch self {
        case .metalink: "application/metalink4+xml"
        case .checksums: "text/plain; charset=utf-8"
        }
    }
}

/// Why a manifest cannot be exported.
package enum ExportError: Error, Sendable, Hashable {
    /// No whole file's digest is known of a file, by its number in the manifest.
    case digestUnknown(file: Int)
    /// XML has no way to write a character of this path.
    case notInXML(path: String)
    /// There are more digests of pieces than may be listed, and none of the whole file.
    case tooManyPieces
}

extension ExportError: CustomStringConvertible {
    package var description: String { failure.message }
}

extension ExportError: Explained {
    /// What a person is told.
    package var failure: Failure {
        switch self {
        case .digestUnknown:
            Failure(
                .usage,
                "the manifest does not have the digest of each whole file",
                hint: "sign with --file-digest, or name the file or folder with --from"
            )
        case .notInXML(let path):
            Failure(.usage, "XML cannot express the path \(path)", hint: "export it as sha256sums, or rename it")
        case .tooManyPieces:
            Failure(.usage, "there are too many digests of pieces to list", hint: "sign with --file-digest")
        }
    }
}
