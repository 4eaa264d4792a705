import FDLCore
import Testing

/// The rules between a manifest's fields, as its initializer checks them.
@Suite struct ManifestRuleTests {
    private func manifest(
        version: Int64 = 1,
        files: [(path: String, size: Int64)],
        digests: Int? = nil
    ) throws -> Manifest {
        let chunkSize = try #require(ChunkSize(bytes: 65536))
        let zero = try #require(SHA256Digest(hex: String(repeating: "0", count: 64)))
        let count = files.reduce(0) { $0 + chunkSize.chunkCount(fileSize: $1.size) }
        return try Manifest(
            name: ManifestName(from: "test"),
            version: version,
            created: UTCTime(secondsSince1970: 0),
            chunkSize: chunkSize,
            files: files.map { .init(path: try SafePath($0.path), size: $0.size, isExecutable: false) },
            digests: Array(repeating: zero, count: digests ?? Int(min(count, 1 << 20)))
        )
    }

    @Test func addsUp() throws {
        let manifest = try manifest(files: [("d/a", 65537), ("empty", 0), ("d/b", 1)])
        #expect(manifest.totalBytes == 65538)
        #expect(manifest.digests.count == 3)
        #expect(manifest.layout.chunks(ofFile: 2) == 2..<3)
        #expect(!manifest.isSingleFile)
        #expect(try self.manifest(files: [("a", 1)]).isSingleFile)
        #expect(try !self.manifest(files: [("a/b", 1)]).isSingleFile)
    }

    @Test(arguments: [0, -1, Int64.min, 1 << 53, .max])
    func refusesVersions(version: Int64) {
        #expect(throws: ManifestError.versionOutOfRange) { try manifest(version: version, files: [("a", 1)]) }
    }

    @Test func acceptsTheLastVersion() throws {
        #expect(try manifest(version: 1 << 53 - 1, files: [("a", 1)]).version == 9_007_199_254_740_991)
    }

    @Test func refusesSizesThatDoNotAddUp() {
        #expect(throws: ManifestError.noFiles) { try manifest(files: []) }
        #expect(throws: ManifestError.negativeSize(path: "a")) { try manifest(files: [("a", -1)]) }
        #expect(throws: ManifestError.tooManyChunks) { try manifest(files: [("a", .max)]) }
        #expect(throws: ManifestError.sizeOverflow) {
            // Each small enough by its count of chunks only because the sum is refused before.
            try manifest(files: [("a", 1), ("b", .max)])
        }
        #expect(throws: ManifestError.tooManyChunks) { try manifest(files: [("a", 1 << 36), ("b", 1)]) }
        #expect(throws: ManifestError.chunkCountMismatch(path: nil, expected: 2, found: 1)) {
            try manifest(files: [("a", 65537)], digests: 1)
        }
        #expect(throws: ManifestError.chunkCountMismatch(path: nil, expected: 0, found: 1)) {
            try manifest(files: [("a", 0)], digests: 1)
        }
    }

    @Test func refusesPathsThatCollide() {
        #expect(throws: ManifestError.duplicatePath("a")) { try manifest(files: [("a", 1), ("b", 1), ("a", 1)]) }
        #expect(throws: ManifestError.pathInsideFile(path: "a/b/c", file: "a/b")) {
            try manifest(files: [("a/b/c", 1), ("a/b", 1)])
        }
        #expect(throws: Never.self) { try manifest(files: [("a/b", 1), ("a/bc", 1), ("a-b", 1)]) }
    }

    @Test(arguments: [
        ("a.b_c-9", true), (String(repeating: "x", count: 128), true), ("", false), (".", false),
        ("..", false), ("index", false), ("a.fresh", false), (".fresh", false), ("index.html", true), ("fresh", true),
        ("a/b", false), ("a b", false), ("é", false), (String(repeating: "x", count: 129), false),
    ])
    func names(text: String, isAllowed: Bool) {
        #expect((ManifestName(text) != nil) == isAllowed)
    }

    @Test func namesAreMadeOfFileNames() {
        #expect(ManifestName(from: "my film (1).mkv").string == "my-film--1-.mkv")
        #expect(ManifestName(from: "é").string == "-")
        #expect(ManifestName(from: "..").string == "files")
        #expect(ManifestName(from: "").string == "files")
        #expect(ManifestName(from: "index").string == "index-")
        #expect(ManifestName(from: "a.fresh").string == "a-fresh")
        #expect(ManifestName(from: String(repeating: "y", count: 200)).string.count == 128)
    }
}
