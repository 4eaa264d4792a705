/// What a publisher says a version of a file or a folder is made of: `fdl-manifest-v1` (`docs/formats.md`).
///
/// A value of this type obeys the format's rules (see `ManifestError`), but nobody has vouched for it: only a
/// `VerifiedManifest` may be downloaded.
public struct Manifest: Sendable, Equatable {
    /// The value of `format` that this code reads and writes.
    public static let format = "fdl-manifest-v1"
    /// The value of `hash` that this code knows.
    package static let hash = "sha256"
    /// The most chunks a manifest may list.
    package static let maximumChunks = 1 << 20
    /// The most bytes any manifest may have: what a reader takes before it has parsed it.
    package static let maximumBytes = maximumBytes(chunks: maximumChunks)

    /// The most bytes a manifest of so many chunks may have: 64 MiB and 8 for each chunk.
    ///
    /// The digits of 2^20 digests are 64 MiB by themselves: the quotes, comma and space around each are not counted,
    /// and what is left of the 8 has room for the other fields.
    static func maximumBytes(chunks: Int) -> Int { 64 << 20 + 8 * chunks }

    /// The versions allowed: whole numbers that a double holds exactly.
    public static let allowedVersions: ClosedRange<Int64> = 1...(1 << 53 - 1)

    /// What this is a version of.
    public let name: ManifestName
    /// Grows with each signing; a reader refuses one lower than it has seen.
    public let version: Int64
    /// When it was made.
    public let created: UTCTime
    /// When it stops being accepted; nil for never.
    public let expires: UTCTime?
    public let chunkSize: ChunkSize
    /// The files, in the manifest's order.
    public let files: [File]
    /// The numbers of the files in the order of a walk (`SafePath.precedesInTree`).
    package let walkOrder: [Int32]
    /// Where each chunk lies.
    package let layout: ChunkLayout
    /// The digests of all chunks: the first file's in order, then the second's, and so on.
    public let digests: [SHA256Digest]
    /// Where the publisher thinks the bytes can be had. Hints, never authority.
    public let sources: [Source]
    /// What the publisher says of the sources' TLS keys.
    public let trust: Trust?
    /// Whether a reader has left out some of the files.
    package let isSelection: Bool

    /// One regular file.
    public struct File: Sendable, Equatable {
        public let path: SafePath
        /// In bytes.
        public let size: Int64
        public let isExecutable: Bool
        /// The plain digest of the whole file, if the publisher gave it.
        public var sha256: SHA256Digest? {
            guard case .digest(let digest) = whole else { return nil }
            return digest
        }

        // Elsewhere in memory: most files have none, and it would make each of them nearly twice as large.
        private let whole: Whole?

        private indirect enum Whole: Sendable, Equatable {
            case digest(SHA256Digest)
        }

        public init(path: SafePath, size: Int64, isExecutable: Bool, sha256: SHA256Digest? = nil) {
            self.path = path
            self.size = size
            self.isExecutable = isExecutable
            self.whole = sha256.map(Whole.digest)
        }
    }

    /// A place that has the bytes.
    public struct Source: Sendable, Hashable {
        public let kind: SourceKind
        public let url: SourceURL

        public init(kind: SourceKind, url: SourceURL) {
            self.kind = kind
            self.url = url
        }
    }

    /// Which certificates or keys the sources have, so that a reader needs no flags for a private CA.
    public struct Trust: Sendable, Equatable {
        /// One or more certificates in PEM.
        public let certificateAuthority: String?
        /// `sha256//` and the base64 of the SHA-256 of a SubjectPublicKeyInfo (RFC 7469's digest, curl's spelling).
        public let pins: [String]

        public init(certificateAuthority: String?, pins: [String]) {
            self.certificateAuthority = certificateAuthority
            self.pins = pins
        }
    }

    /// Checks the rules that hold between the fields. It takes nine, since a manifest has nine: each is one line of it.
    /// - Throws: `ManifestError` for a version out of range, no files, sizes that overflow or disagree with the count
    ///   of digests, too many chunks, or paths that collide.
    public init(
        name: ManifestName,
        version: Int64,
        created: UTCTime,
        expires: UTCTime? = nil,
        chunkSize: ChunkSize,
        files: [File],
        digests: [SHA256Digest],
        sources: [Source] = [],
        trust: Trust? = nil
    ) throws(ManifestError) {
        guard Self.allowedVersions.contains(version) else { throw .versionOutOfRange }
        guard !files.isEmpty else { throw .noFiles }
        let chunkCount = try Self.checkedChunkCount(of: files, chunkSize: chunkSize)
        guard chunkCount == digests.count else {
            throw .chunkCountMismatch(path: nil, expected: Int64(chunkCount), found: Int64(digests.count))
        }
        self.walkOrder = try Self.distinctOrder(of: files)
        self.name = name
        self.version = version
        self.created = created
        self.expires = expires
        self.chunkSize = chunkSize
        self.files = files
        self.layout = ChunkLayout(chunkSize: chunkSize, fileSizes: files.map(\.size))
        self.digests = digests
        self.sources = sources
        self.trust = trust
        self.isSelection = false
    }

    /// Some of a manifest's files, by their numbers in ascending order: at least one.
    init(_ whole: Manifest, of wanted: [Int]) {
        let places = Dictionary(uniqueKeysWithValues: wanted.enumerated().map { (Int32($1), Int32($0)) })
        walkOrder = whole.walkOrder.compactMap { places[$0] }
        name = whole.name
        version = whole.version
        created = whole.created
        expires = whole.expires
        chunkSize = whole.chunkSize
        files = wanted.map { whole.files[$0] }
        layout = ChunkLayout(chunkSize: whole.chunkSize, fileSizes: files.map(\.size))
        digests = wanted.flatMap { whole.digests[whole.layout.chunks(ofFile: $0)] }
        sources = whole.sources
        trust = whole.trust
        isSelection = true
    }

    /// The bytes of all files together. Cannot overflow: the initializer has added them up.
    public var totalBytes: Int64 { files.reduce(0) { $0 + $1.size } }

    /// Whether this is one file published by itself rather than a folder: its path has one part and is the only one.
    ///
    /// A folder that holds one file at its top looks the same, and is written the same: as that file.
    package var isSingleFile: Bool { !isSelection && files.count == 1 && files[0].path.parts.count == 1 }

    private static func checkedChunkCount(of files: [File], chunkSize: ChunkSize) throws(ManifestError) -> Int {
        var total: Int64 = 0
        var chunks: Int64 = 0
        for file in files {
            guard file.size >= 0 else { throw .negativeSize(path: file.path.string) }
            let (sum, overflow) = total.addingReportingOverflow(file.size)
            guard !overflow else { throw .sizeOverflow }
            total = sum
            // Each addend is at most 2^63 / 2^16, and the running sum is cut at 2^20: no overflow.
            chunks += chunkSize.chunkCount(fileSize: file.size)
            guard chunks <= maximumChunks else { throw .tooManyChunks }
        }
        return Int(chunks)
    }

    /// Two files with one path, or a file where another needs a directory, cannot both be written.
    /// Sorted, a path that lies within a file's comes right after the file, and one that is there twice after itself.
    private static func distinctOrder(of files: [File]) throws(ManifestError) -> [Int32] {
        let order = files.indices.map(Int32.init).sorted { left, right in
            files[Int(left)].path.precedesInTree(files[Int(right)].path)
        }
        for (first, second) in zip(order, order.dropFirst()) {
            let (outer, inner) = (files[Int(first)].path.string, files[Int(second)].path.string)
            guard inner.utf8.starts(with: outer.utf8) else { continue }
            let rest = inner.utf8.dropFirst(outer.utf8.count)
            if rest.isEmpty { throw .duplicatePath(inner) }
            if rest.first == UInt8(ascii: "/") { throw .pathInsideFile(path: inner, file: outer) }
        }
        return order
    }
}

/// How a source hands out bytes.
public enum SourceKind: String, Sendable, Hashable, CaseIterable {
    /// Serves the tree of `docs/formats.md`: chunks by digest.
    case worker
    /// Any HTTPS URL under which the files lie plainly: read by Range.
    case mirror
    /// A repository of an OCI registry: chunks are its blobs, by digest (OCI distribution specification).
    case oci
}

/// What a manifest is a version of: 1–128 of `[A-Za-z0-9._-]`, not `.` or `..`, nor what would take the place of a tree's
/// own files: `index` and what ends in `.fresh`.
public struct ManifestName: Hashable, Sendable, CustomStringConvertible {
    package static let maximumBytes = 128
    private static let index = "index"
    private static let freshSuffix = ".fresh"

    public let string: String

    /// - Returns: nil if the rule above is broken.
    public init?(_ string: String) {
        guard Self.isSpelled(string), !Self.isReserved(string) else { return nil }
        self.string = string
    }

    /// Turns a file's name into one: each other character becomes `-`, a long name is cut, and one that a tree has for
    /// itself is changed.
    public init(from fileName: String) {
        let kept = fileName.unicodeScalars.prefix(Self.maximumBytes).map { scalar -> Character in
            scalar.isASCII && Self.isAllowed(UInt8(truncatingIfNeeded: scalar.value)) ? Character(scalar) : "-"
        }
        let text = String(kept)
        self.string =
            switch text {
            case "", ".", "..": "files"
            case Self.index: text + "-"
            case _ where Self.isReserved(text): String(text.dropLast(Self.freshSuffix.count)) + "-fresh"
            default: text
            }
    }

    /// Whether a text has the characters and the length of a name.
    package static func isSpelled(_ text: String) -> Bool {
        (1...maximumBytes).contains(text.utf8.count) && text != "." && text != ".." && text.utf8.allSatisfy(isAllowed)
    }

    /// Whether `NAME.json` would be one of a tree's own files.
    static func isReserved(_ text: String) -> Bool {
        text == index || text.utf8.ends(with: freshSuffix)
    }

    public var description: String { string }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
