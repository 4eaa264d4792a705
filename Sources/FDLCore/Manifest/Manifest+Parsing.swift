extension Manifest {
    /// Reads `fdl-manifest-v1` (`docs/formats.md`). Fields may come in any order; unknown ones are passed over, since
    /// the signature covers them.
    /// - Throws: `ManifestError`, the first rule the text breaks.
    public init(parsing bytes: [UInt8]) throws(ManifestError) {
        let result = bytes.withUnsafeBytes { raw in
            Result { () throws(ManifestError) in try Manifest(parsing: raw) }
        }
        self = try result.get()
    }

    /// Reads `fdl-manifest-v1` from bytes that need to live only as long as the call.
    /// - Throws: `ManifestError`, the first rule the text breaks.
    package init(parsing bytes: UnsafeRawBufferPointer) throws(ManifestError) {
        guard bytes.count <= Self.maximumBytes else { throw .tooLarge(bytes: bytes.count) }
        var reader = JSONReader(bytes)
        var draft = ManifestDraft(bytes: bytes.count)
        reader.skipWhitespace()
        try reader.object("the manifest") { (name, reader) throws(ManifestError) in
            try draft.read(name, from: &reader)
        }
        try reader.end()
        guard bytes.count <= Self.maximumBytes(chunks: draft.digests.count) else {
            throw .tooLarge(bytes: bytes.count)
        }
        self = try draft.manifest()
    }
}

/// The fields read so far.
private struct ManifestDraft {
    private(set) var digests: [SHA256Digest] = []
    private var format: String?
    private var hash: String?
    private var name: ManifestName?
    private var version: Int64?
    private var created: UTCTime?
    private var expires: UTCTime?
    private var chunkSize: ChunkSize?
    private var files: [Manifest.File]?
    // How many digests each file listed: held against its size once the chunk size is known.
    private var listedCounts: [Int32] = []
    private var sources: [Manifest.Source] = []
    private var trust: Manifest.Trust?
    private let fileCapacity: Int

    /// - Parameter bytes: of the text: each digest and each file takes some of them.
    init(bytes: Int) {
        // A digest and its quotes and comma are 67 bytes, so this never has room to spare by more than the rest.
        digests.reserveCapacity(min(bytes / 67 + 1, Manifest.maximumChunks))
        // {"path":"","size":0,"executable":true,"chunks":[]} is the shortest file.
        fileCapacity = bytes / 50 + 1
    }

    mutating func read(_ field: String, from reader: inout JSONReader) throws(ManifestError) {
        switch field {
        case "format":
            let value = try reader.string(field)
            guard value == Manifest.format else { throw .wrongFormat(value) }
            format = value
        case "hash":
            let value = try reader.string(field)
            guard value == Manifest.hash else { throw .unknownHash(value) }
            hash = value
        case "name":
            let value = try reader.string(field)
            guard let checked = ManifestName(value) else { throw .invalidName(value) }
            name = checked
        case "version":
            guard let value = try reader.integer(field) else { throw .versionOutOfRange }
            version = value
        case "created": created = try Self.time(field, from: &reader)
        case "expires": expires = try Self.time(field, from: &reader)
        case "chunkSize":
            guard let value = try reader.integer(field), let size = Int(exactly: value).flatMap(ChunkSize.init(bytes:))
            else { throw .invalidChunkSize }
            chunkSize = size
        case "files": try readFiles(from: &reader)
        case "sources": try readSources(from: &reader)
        case "trust": try readTrust(from: &reader)
        default: try reader.skipValue()
        }
    }

    /// Holds the fields against each other.
    mutating func manifest() throws(ManifestError) -> Manifest {
        guard format != nil else { throw .missingField("format") }
        guard hash != nil else { throw .missingField("hash") }
        guard let name else { throw .missingField("name") }
        guard let version else { throw .missingField("version") }
        guard let created else { throw .missingField("created") }
        guard let chunkSize else { throw .missingField("chunkSize") }
        guard let files else { throw .missingField("files") }
        for (file, found) in zip(files, listedCounts) where file.size >= 0 {
            let expected = chunkSize.chunkCount(fileSize: file.size)
            guard expected <= Manifest.maximumChunks else { throw .tooManyChunks }
            guard expected == Int64(found) else {
                throw .chunkCountMismatch(path: file.path.string, expected: expected, found: Int64(found))
            }
        }
        // The text is still there: this is when most memory is in use.
        listedCounts = []
        return try Manifest(
            name: name,
            version: version,
            created: created,
            expires: expires,
            chunkSize: chunkSize,
            files: files,
            digests: digests,
            sources: sources,
            trust: trust
        )
    }

    private static func time(_ field: String, from reader: inout JSONReader) throws(ManifestError) -> UTCTime {
        let value = try reader.string(field)
        guard let time = UTCTime(value) else { throw .invalidTime(field: field, value: value) }
        return time
    }

    private mutating func readFiles(from reader: inout JSONReader) throws(ManifestError) {
        var read: [Manifest.File] = []
        // An array that grows is there twice at each step. What is too much here is never touched.
        read.reserveCapacity(fileCapacity)
        listedCounts.reserveCapacity(fileCapacity)
        try reader.array("files") { (reader) throws(ManifestError) in
            read.append(try readFile(from: &reader))
        }
        files = read
    }

    private mutating func readFile(from reader: inout JSONReader) throws(ManifestError) -> Manifest.File {
        var path: SafePath?
        var size: Int64?
        var isExecutable: Bool?
        var sha256: SHA256Digest?
        var listed: Int?
        try reader.object("files[]") { (field, reader) throws(ManifestError) in
            switch field {
            case "path": path = try Self.path(from: &reader)
            case "size":
                guard let value = try reader.integer("size") else { throw .sizeOverflow }
                size = value
            case "executable": isExecutable = try reader.boolean("executable")
            case "sha256":
                guard let digest = try reader.digest("sha256") else {
                    throw .invalidField("sha256", reason: "it is not 64 lowercase hexadecimal digits")
                }
                sha256 = digest
            case "chunks": listed = try readDigests(of: path, from: &reader)
            default: try reader.skipValue()
            }
        }
        guard let path else { throw .missingField("path") }
        guard let size else { throw .missingField("size") }
        guard let isExecutable else { throw .missingField("executable") }
        guard let listed else { throw .missingField("chunks") }
        // At most 2^20 of them have been read.
        listedCounts.append(Int32(truncatingIfNeeded: listed))
        return Manifest.File(path: path, size: size, isExecutable: isExecutable, sha256: sha256)
    }

    private static func path(from reader: inout JSONReader) throws(ManifestError) -> SafePath {
        let value = try reader.string("path")
        do {
            return try SafePath(value)
        } catch {
            throw .invalidPath(value, error)
        }
    }

    private static func url(_ value: String) throws(ManifestError) -> SourceURL {
        do {
            return try SourceURL(value)
        } catch {
            throw .invalidSource(value, error)
        }
    }

    private mutating func readDigests(
        of path: SafePath?,
        from reader: inout JSONReader
    ) throws(ManifestError) -> Int {
        let first = digests.count
        try reader.array("chunks") { (reader) throws(ManifestError) in
            guard let digest = try reader.digest("chunks") else {
                throw .invalidDigest(path: path?.string ?? "", index: digests.count - first)
            }
            guard digests.count < Manifest.maximumChunks else { throw .tooManyChunks }
            digests.append(digest)
        }
        return digests.count - first
    }

    private mutating func readSources(from reader: inout JSONReader) throws(ManifestError) {
        try reader.array("sources") { (reader) throws(ManifestError) in
            var kind: String?
            var url: String?
            try reader.object("sources[]") { (field, reader) throws(ManifestError) in
                switch field {
                case "kind": kind = try reader.string("kind")
                case "url": url = try reader.string("url")
                default: try reader.skipValue()
                }
            }
            guard let kind else { throw .missingField("kind") }
            guard let url else { throw .missingField("url") }
            // One of a kind that comes later is nothing to this reader, whatever its address looks like.
            guard let known = SourceKind(rawValue: kind) else { return }
            sources.append(Manifest.Source(kind: known, url: try Self.url(url)))
        }
    }

    private mutating func readTrust(from reader: inout JSONReader) throws(ManifestError) {
        var authority: String?
        var pins: [String] = []
        try reader.object("trust") { (field, reader) throws(ManifestError) in
            switch field {
            case "ca":
                let value = try reader.string("ca")
                guard Manifest.Trust.isCertificateAuthority(value) else {
                    throw .invalidField("ca", reason: "it holds no certificate in PEM")
                }
                authority = value
            case "pins":
                try reader.array("pins") { (reader) throws(ManifestError) in
                    let value = try reader.string("pins")
                    guard Manifest.Trust.isPin(value) else { throw .invalidPin(value) }
                    pins.append(value)
                }
            default: try reader.skipValue()
            }
        }
        trust = Manifest.Trust(certificateAuthority: authority, pins: pins)
    }
}

extension Manifest.Trust {
    /// Whether a text can be `ca`: it has a certificate in PEM (RFC 7468). Whether that one is any good, TLS decides.
    package static func isCertificateAuthority(_ text: String) -> Bool {
        text.contains("-----BEGIN CERTIFICATE-----") && text.contains("-----END CERTIFICATE-----")
    }

    /// Whether a text can be one of `pins`.
    package static func isPin(_ text: String) -> Bool { PublicKeyPin(text) != nil }
}
