public import FDLCore
public import FDLOpenSSL
public import FDLSystem

/// Why nothing is published.
public enum PublishingError: Error, Sendable, Hashable {
    /// The input cannot be read.
    case input(SystemError)
    /// Neither a regular file nor a directory.
    case notAFile(path: String)
    case emptyFolder(path: String)
    /// A file whose name the format does not allow.
    case invalidPath(String, SafePathError)
    /// A file whose name is not UTF-8, with `?` for what is not.
    case nameNotUTF8(String)
    /// A file was written to, replaced or cut while it was read.
    case changed(path: String)
    /// A file has the size 0 and yet has bytes to read, as those of /proc do.
    case sizeUntrue(path: String)
    case cancelled
    case manifest(ManifestError)
    case signing(OpenSSLError)
    /// The manifest or its signature cannot be written.
    case output(SystemError)
    /// The manifest or its signature would replace a file that is to be published.
    case outputIsInput(path: String)
    /// The manifest or its signature would replace a file that is not a manifest or a signature.
    case outputNotOurs(path: String)
    /// The version is more than a day ahead of the clock. `earlier` is the version it was counted from, nil if the
    /// version was given.
    case versionAhead(Int64, earlier: Int64?, now: UTCTime, isClockWrong: Bool)
    /// The version asked for is lower than the earlier manifest's.
    case versionLower(Int64, earlier: Int64)
    /// The earlier manifest has the highest version there is.
    case noVersionLeft
}

extension PublishingError: CustomStringConvertible {
    public var description: String { failure.message }
}

extension PublishingError: Explained {
    /// What a person is told.
    public var failure: Failure {
        switch self {
        case .input(let error): error.failure(for: .input)
        case .notAFile(let path):
            Failure(.usage, "\(path) is neither a regular file nor a folder", hint: "copy its content to a file")
        case .emptyFolder(let path):
            Failure(.usage, "there is no regular file in \(path)", hint: "put what is to be published there")
        case .invalidPath(let path, let error):
            Failure(.localIO, "\"\(path)\" cannot be published: \(error)", hint: "rename it or move it away")
        case .nameNotUTF8(let path):
            Failure(.localIO, "\"\(path)\" cannot be published: its name is not UTF-8", hint: "rename it")
        case .changed(let path):
            Failure(.localIO, "\(path) changed while it was read", hint: "run again when nothing writes to it")
        case .sizeUntrue(let path):
            Failure(
                .localIO,
                "\(path) has bytes, though its size is 0",
                hint: "copy them to an ordinary file and publish that"
            )
        case .cancelled: .interrupted
        case .manifest(.tooManyChunks), .manifest(.tooLarge):
            Failure(
                .usage,
                "this needs more than \(Manifest.maximumChunks) chunks, or a manifest over 64 MiB",
                hint: "choose a larger --chunk-size, or publish it in parts"
            )
        case .manifest(let error):
            Failure(.usage, "\(error)", hint: "see fdl-sign manifest --help for what a manifest may say")
        case .signing(let error):
            Failure(.configuration, "\(error)", hint: "check the key with openssl pkey -in KEY -noout -text_pub")
        case .output(let error): error.failure(for: .output)
        case .outputIsInput(let path):
            Failure(.cannotCreate, "\(path) is what is to be published", hint: "give another file's name with -o")
        case .outputNotOurs(let path):
            Failure(
                .cannotCreate,
                "\(path) is there already and is neither a manifest nor a signature",
                hint: "move it away, or give another file's name with -o"
            )
        case .versionAhead(let version, _, let now, true):
            Failure(
                .usage,
                "this machine's clock is wrong: it says \(now), and this would be version \(version)",
                hint: "set the clock; --ahead signs in spite of it"
            )
        case .versionAhead(let version, .some(let earlier), let now, _):
            Failure(
                .usage,
                "the earlier manifest is version \(earlier), and \(version) would be more than a day ahead of the clock, "
                    + "which says \(now)",
                hint: "check the clock; if readers have seen \(earlier), sign with --ahead from now on; if none has, "
                    + "move that manifest away"
            )
        case .versionAhead(let version, .none, let now, _):
            Failure(
                .usage,
                "version \(version) is more than a day ahead of the clock, which says \(now): readers who have seen it "
                    + "refuse the versions that the clock gives",
                hint: "leave --version out, or check the clock; --ahead signs it all the same"
            )
        case .versionLower(let version, let earlier):
            Failure(
                .usage,
                "version \(version) is lower than \(earlier), the earlier manifest's: readers who have seen that refuse it",
                hint: "leave --version out, or give one above \(earlier); if no reader has seen \(earlier), move that "
                    + "manifest away"
            )
        case .noVersionLeft:
            Failure(
                .usage,
                "the earlier manifest has the highest version there is, \(Manifest.allowedVersions.upperBound)",
                hint: "publish it under another --name; if no reader has seen that version, move the manifest away"
            )
        }
    }
}
