import FDLCore
import Testing

/// Every refusal of the format has its own case and its own sentence.
@Suite struct ManifestRefusalTests {
    struct Refusal: Sendable, CustomTestStringConvertible {
        var field: String
        var value: String?
        var error: ManifestError

        init(_ field: String, _ value: String?, _ error: ManifestError) {
            (self.field, self.value, self.error) = (field, value, error)
        }

        var testDescription: String { "\(field): \(value ?? "absent")" }
    }

    static let fields: [Refusal] = [
        Refusal("format", "\"fdl-manifest-v2\"", .wrongFormat("fdl-manifest-v2")),
        Refusal("format", "1", .invalidField("format", reason: "it is not a string")),
        Refusal("hash", "\"md5\"", .unknownHash("md5")),
        Refusal("name", "\"a b\"", .invalidName("a b")),
        Refusal("name", "\"..\"", .invalidName("..")),
        Refusal("version", "0", .versionOutOfRange),
        Refusal("version", "9007199254740992", .versionOutOfRange),
        Refusal("version", "99999999999999999999", .versionOutOfRange),
        Refusal("version", "1.0", .invalidField("version", reason: "it is not a whole number")),
        Refusal("version", "1e3", .invalidField("version", reason: "it is not a whole number")),
        Refusal("version", "\"1\"", .invalidField("version", reason: "it is not a whole number")),
        Refusal("created", "\"yesterday\"", .invalidTime(field: "created", value: "yesterday")),
        Refusal(
            "expires",
            "\"2026-02-30T00:00:00Z\"",
            .invalidTime(field: "expires", value: "2026-02-30T00:00:00Z")
        ),
        Refusal("chunkSize", "65537", .invalidChunkSize),
        Refusal("chunkSize", "32768", .invalidChunkSize),
        Refusal("chunkSize", "33554432", .invalidChunkSize),
        Refusal("files", "[]", .noFiles),
        Refusal("files", "{}", .invalidField("files", reason: "it is not an array")),
        Refusal("files", "[1]", .invalidField("files[]", reason: "it is not an object")),
        Refusal("files", "[{\"size\": 0, \"executable\": false, \"chunks\": []}]", .missingField("path")),
        Refusal("files", "[{\"path\": \"p\", \"executable\": false, \"chunks\": []}]", .missingField("size")),
        Refusal("files", "[{\"path\": \"p\", \"size\": 0, \"chunks\": []}]", .missingField("executable")),
        Refusal("files", "[{\"path\": \"p\", \"size\": 0, \"executable\": false}]", .missingField("chunks")),
        Refusal(
            "sources",
            "[{\"url\": \"http://a/\", \"kind\": \"oci\"}]",
            .invalidSource("http://a/", .notHTTPS)
        ),
        Refusal(
            "sources",
            "[{\"kind\": 1, \"url\": \"https://a/\"}]",
            .invalidField("kind", reason: "it is not a string")
        ),
        Refusal("sources", "[{\"kind\": \"later\"}]", .missingField("url")),
        Refusal("sources", "[{\"url\": \"https://a/\"}]", .missingField("kind")),
        Refusal("sources", "[{\"kind\": \"worker\"}]", .missingField("url")),
        Refusal("trust", "{\"pins\": [\"sha256//AAAA\"]}", .invalidPin("sha256//AAAA")),
        Refusal("trust", "{\"ca\": \"x\"}", .invalidField("ca", reason: "it holds no certificate in PEM")),
    ]

    @Test(arguments: fields)
    func refuses(_ refusal: Refusal) {
        #expect(throws: refusal.error) {
            try ManifestSamples.parse(ManifestSamples.text(refusal.field, refusal.value))
        }
    }

    @Test(arguments: ["format", "name", "version", "created", "hash", "chunkSize", "files"])
    func refusesAbsent(_ field: String) {
        #expect(throws: ManifestError.missingField(field)) {
            try ManifestSamples.parse(ManifestSamples.text(field, nil))
        }
    }

    static let sources: [(String, SourceURLError)] = [
        ("http://a.example/", .notHTTPS), ("https://u:p@a.example/", .userinfo), ("https://a.example/?q", .query),
        ("https://a.example/#f", .fragment), ("https:///x", .invalidHost), ("https://a.example:0/", .invalidPort),
    ]

    @Test(arguments: sources)
    func refusesSource(url: String, error: SourceURLError) {
        #expect(throws: ManifestError.invalidSource(url, error)) {
            try ManifestSamples.parse(
                ManifestSamples.text("sources", "[{\"kind\": \"mirror\", \"url\": \"\(url)\"}]")
            )
        }
    }

    static let paths: [(String, SafePathError)] = [
        ("", .empty), ("/a", .absolute), ("a//b", .emptyPart), ("a/../b", .dotDot), ("./a", .dot),
        ("a\\u0000b", .controlCharacter), ("a\\nb", .controlCharacter), ("a\\\\b", .backslash),
        (String(repeating: "x", count: 256), .partTooLong),
        ("a.fdl-part", .reservedSuffix(".fdl-part")),
        ("a.manifest.json", .reservedSuffix(".manifest.json")),
    ]

    @Test(arguments: paths)
    func refusesPath(text: String, reason: SafePathError) {
        let error = #expect(throws: ManifestError.self) {
            try Self.parse(files: [ManifestSamples.file(path: text)])
        }
        guard case .invalidPath(_, reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func refusesSizesAndDigests() {
        let a = ManifestSamples.digestA
        typealias Samples = ManifestSamples
        expect([Samples.file(size: "-1", chunks: [])], .negativeSize(path: "ubuntu.iso"))
        expect([Samples.file(size: "9223372036854775808", chunks: [])], .sizeOverflow)
        expect([Samples.file(size: "9223372036854775807", chunks: [])], .tooManyChunks)
        expect(
            [Samples.file(size: "\(65536 << 20)")],
            .chunkCountMismatch(path: "ubuntu.iso", expected: 1 << 20, found: 2)
        )
        expect([Samples.file(size: "\(65536 << 20 + 1)")], .tooManyChunks)
        expect([Samples.file(size: "65536")], .chunkCountMismatch(path: "ubuntu.iso", expected: 1, found: 2))
        // Two files whose counts are wrong each but right together.
        expect(
            [Samples.file(path: "a", size: "1", chunks: []), Samples.file(path: "b", size: "0", chunks: [a])],
            .chunkCountMismatch(path: "a", expected: 1, found: 0)
        )
        expect([Samples.file(chunks: [a, a.uppercased()])], .invalidDigest(path: "ubuntu.iso", index: 1))
        expect([Samples.file(chunks: [String(a.dropLast()), a])], .invalidDigest(path: "ubuntu.iso", index: 0))
        expect([Samples.file(chunks: [a + "a", a])], .invalidDigest(path: "ubuntu.iso", index: 0))
        expect([Samples.file(), Samples.file()], .duplicatePath("ubuntu.iso"))
        expect(
            [Samples.file(path: "a/b"), Samples.file(path: "a", size: "0", chunks: [])],
            .pathInsideFile(path: "a/b", file: "a")
        )
    }

    @Test func refusesMoreThanTheLimits() {
        let padding = [UInt8](repeating: 0x20, count: Manifest.maximumBytes + 1)
        #expect(throws: ManifestError.tooLarge(bytes: padding.count)) { try Manifest(parsing: padding) }
        let text = Array(ManifestSamples.text().utf8)
        let padded = text + [UInt8](repeating: 0x20, count: 64 << 20)
        #expect(throws: ManifestError.tooLarge(bytes: padded.count)) { try Manifest(parsing: padded) }
    }

    @Test func everySentenceIsItsOwn() {
        let errors = Self.fields.map(\.error) + Self.sources.map { .invalidSource($0, $1) }
        #expect(Set(errors.map(\.description)).count == Set(errors).count)
        for error in errors {
            #expect(error.failure.exitCode == .integrity)
            #expect(error.failure.hint != nil)
            #expect(error.description.hasPrefix("the manifest"))
        }
        let long = ManifestError.invalidName(String(repeating: "x", count: 1 << 20)).description
        #expect(long.utf8.count < 400)
    }

    private func expect(
        _ files: [String],
        _ error: ManifestError,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(throws: error, sourceLocation: sourceLocation) { try Self.parse(files: files) }
    }

    private static func parse(files: [String]) throws(ManifestError) {
        _ = try ManifestSamples.parse(ManifestSamples.text("files", "[" + files.joined(separator: ",") + "]"))
    }
}
