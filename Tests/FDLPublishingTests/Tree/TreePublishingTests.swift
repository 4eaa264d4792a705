import FDLCore
import FDLCrypto
import FDLSystem
import FDLTrust
import Glibc
import TestSupport
import Testing

@testable import FDLPublishing

@Suite struct TreePublishingTests {
    private let folder: TemporaryFolder
    private let tree: String
    private let chunk = 65_536

    init() throws {
        folder = try TemporaryFolder()
        tree = folder.path + "/tree"
    }

    /// Writes files below `album/` and publishes them.
    @discardableResult
    private func publish(
        _ files: [(path: String, bytes: [UInt8])],
        version: Int64 = 1,
        name: String = "album",
        now: Int64 = WallClock.seconds,
        lying: Bool = false,
        _ options: PublishingOptions = PublishingOptions()
    ) async throws -> PublishingSummary {
        for file in files { try folder.write(file.bytes, "\(name)/\(file.path)") }
        let manifest = try Manifest.sample(name, version: version, files)
        if lying { try Files.patch("\(folder.path)/\(name)/\(files[0].path)", at: 70_000, with: [1, 2, 3]) }
        let path = "\(folder.path)/\(name).manifest.json"
        let source = try PublishingSource(of: manifest, beside: path, given: nil)
        let bytes = SignedBytes(manifest: manifest.encoded(), signature: Array("s\(version)".utf8), origin: path)
        let trees = try PublishedTree.open([tree], for: .making)
        let publishing = TreePublishing(manifest, bytes, from: source, into: trees, options)
        return try await publishing.run(now: now, threads: 3, progress: nil)
    }

    private func chunks() throws -> [String] {
        try (try? Files.list(tree + "/chunks"))?.flatMap { try Files.list("\(tree)/chunks/\($0)") } ?? []
    }

    /// Whether all that the manifest in the tree names is there and right.
    private func check(_ name: String = "album", files: Bool = true) throws {
        let manifest = try Manifest(parsing: Files.read("\(tree)/manifests/\(name).json"))
        for digest in manifest.digests {
            #expect(try SHA256Digest(hashing: Files.read("\(tree)/\(TreePath.chunk(digest).relative)")) == digest)
        }
        guard files else { return }
        for (index, file) in manifest.files.enumerated() {
            let bytes = try Files.read("\(tree)/\(TreePath.files(of: manifest))\(file.path)")
            let digests = sampleChunks(bytes).map { SHA256Digest(hashing: $0) }
            #expect(digests == Array(manifest.digests[manifest.layout.chunks(ofFile: index)]))
        }
    }

    @Test func `a folder, all of it`() async throws {
        let files = [("a/b", noise(200_000)), ("c", prose(100_000)), ("d", [UInt8]())]
        let summary = try await publish(files)
        #expect(summary.trees == [.init(path: tree, chunks: 6, newChunks: 6, newBytes: 300_000, compressed: 0)])
        #expect(summary.files == 3)
        try check()
        #expect(try Files.list(tree) == [".fdl", "chunks", "files", "manifests"])
        #expect(try Files.list(tree + "/.fdl") == ["lock", "versions"])
        #expect(try Files.list(tree + "/manifests") == ["album.json", "album.json.minisig", "index.json"])
        #expect(try Files.read(tree + "/manifests/album.json.minisig") == Array("s1".utf8))
        let index = try #require(ManifestIndex(parsing: Files.read(tree + "/manifests/index.json")))
        #expect(index.entries.map(\.files) == ["files/album/"])
    }

    @Test func `a new version adds what is new alone`() async throws {
        let (first, second) = (noise(10 * chunk), noise(3 * chunk, seed: 2))
        try await publish([("a", first), ("b", second)])
        let kept = try Files.inode(tree + "/files/album/b")
        var changed = first
        changed[5 * chunk] ^= 1
        let summary = try await publish([("a", changed), ("b", second)], version: 2)
        #expect(summary.trees[0].newChunks == 1)
        #expect(summary.files == 1)
        #expect(try Files.inode(tree + "/files/album/b") == kept)
        #expect(try chunks().count == 14)
        try check()
        // And the same once more: nothing.
        let again = try await publish([("a", changed), ("b", second)], version: 2)
        #expect(again.trees[0].newChunks == 0 && again.files == 0)
    }

    @Test(arguments: [PublishingOptions.Files.copied, .linked, .none])
    func `a byte that differs is found before anything is visible`(files: PublishingOptions.Files) async throws {
        var options = PublishingOptions()
        options.files = files
        await #expect(throws: TreeError.sourceDiffers(path: "\(folder.path)/album/a", offset: Int64(chunk))) {
            try await publish([("a", noise(200_000)), ("b", noise(9))], lying: true, options)
        }
        #expect(try Files.list(tree) == [".fdl"])
        #expect(try Files.list(tree + "/.fdl") == ["lock"])
    }

    @Test func `an older version is refused`() async throws {
        try await publish([("a", [1])], version: 5)
        await #expect(throws: TreeError.older(version: 4, there: 5, path: tree)) {
            try await publish([("a", [2])], version: 4)
        }
        try check()
    }

    @Test func `two publishers at once`() async throws {
        let other = try PublishedTree(tree, for: .making)
        await #expect(throws: TreeError.busy(path: tree)) { try await publish([("a", [1])]) }
        withExtendedLifetime(other) {}
    }

    @Test func `one directory given twice`() throws {
        try Files.makeDirectory(tree)
        #expect(throws: TreeError.sameDirectory(tree, tree + "/.")) {
            try PublishedTree.open([tree, tree + "/."], for: .making)
        }
    }

    @Test func `links, and what follows from them`() async throws {
        var options = PublishingOptions()
        options.files = .linked
        let bytes = noise(100_000)
        let summary = try await publish([("a", bytes), ("b", [])], options)
        #expect(summary.notLinked == 0)
        #expect(try Files.inode(tree + "/files/album/a") == Files.inode(folder.path + "/album/a"))
        // What may have been edited under its other name is not taken for what it was.
        let again = try await publish([("a", bytes), ("b", [])], version: 2)
        #expect(again.files == 2)
        #expect(try Files.inode(tree + "/files/album/a") != Files.inode(folder.path + "/album/a"))
        try check()
    }

    @Test func `compressed forms of what shrinks by a tenth`() async throws {
        var options = PublishingOptions()
        options.compressionLevel = 6
        let files = [("text", prose(100_000)), ("noise", noise(100_000))]
        let summary = try await publish(files, options)
        #expect(summary.trees[0].compressed == 2)
        #expect(try chunks().count == 6)
        // What did not shrink is not tried again.
        let again = try await publish(files, version: 2, options)
        #expect(again.trees[0].compressed == 0)
        for name in try chunks() where name.hasSuffix(".gz") {
            let ended = try await folder.run(["gzip", "-cd", "\(tree)/chunks/\(name.prefix(2))/\(name)"])
            #expect("\(SHA256Digest(hashing: ended.output))" == name.dropLast(3))
        }
    }

    @Test func `compressed forms asked for later`() async throws {
        try await publish([("text", prose(100_000))])
        var options = PublishingOptions()
        options.compressionLevel = 1
        let summary = try await publish([("text", prose(100_000))], options)
        #expect(summary.trees[0].newChunks == 0 && summary.trees[0].compressed == 2)
    }

    @Test func `what a killed run has left is gone on with`() async throws {
        try await publish([("a", noise(3 * chunk))])
        // As a run that was killed in the middle leaves it: right chunks, a torn one, and files of another version.
        let bytes = noise(4 * chunk, seed: 3)
        let digests = sampleChunks(bytes).map { SHA256Digest(hashing: $0) }
        for (number, digest) in digests.prefix(2).enumerated() {
            let piece = sampleChunks(bytes)[number].prefix(number == 0 ? chunk : 100)
            try folder.write(Array(piece), "tree/.fdl/new/\(digest.hex.prefix(2))/\(digest.hex)")
        }
        try folder.write([1], "tree/.fdl/new/files/0")
        try folder.write([], "tree/.fdl/changing")
        try await publish([("a", bytes)], version: 2)
        try check()
        #expect(try Files.list(tree + "/.fdl") == ["lock", "versions"])
    }

    @Test func `files that may be of no version are written again`() async throws {
        let files = [("a", noise(100_000)), ("b", [UInt8]())]
        try await publish(files)
        try folder.write([], "tree/.fdl/changing")
        #expect(try await publish(files).files == 2)
        try Files.write([1], to: tree + "/files/album/a")
        #expect(try await publish(files).files == 1)
        try check()
    }

    @Test func `two products, one path`() async throws {
        try folder.write([1], "x.iso")
        for (name, isFree) in [("one", true), ("two", false)] {
            let manifest = try Manifest.sample(name, [("x.iso", [1])])
            let source = try PublishingSource(of: manifest, beside: folder.path + "/m.json", given: nil)
            let bytes = SignedBytes(manifest: manifest.encoded(), signature: [1], origin: "m")
            let trees = try PublishedTree.open([tree], for: .making)
            let publishing = TreePublishing(manifest, bytes, from: source, into: trees, PublishingOptions())
            if isFree {
                _ = try await publishing.run(now: 1, threads: 1, progress: nil)
            } else {
                let one = try #require(ManifestName("one"))
                await #expect(throws: TreeError.pathTaken(path: tree + "/files/x.iso", by: one)) {
                    try await publishing.run(now: 1, threads: 1, progress: nil)
                }
            }
        }
    }

    // MARK: Pruning

    private func prune(keep: Int = 1, grace: Int64 = 0, now: Int64 = WallClock.seconds) throws -> TreePruning.Result {
        try TreePruning(keep: keep, grace: grace).run(PublishedTree(tree, for: .changing), now: now)
    }

    @Test func `what no version needs goes, after its grace`() async throws {
        let start = WallClock.seconds
        try await publish([("a", noise(2 * chunk)), ("b", noise(9))], now: start)
        let next = [("a", noise(2 * chunk) + noise(chunk, seed: 5)), ("c", [UInt8]())]
        try await publish(next, version: 2, now: start + 10)
        #expect(try chunks().count == 4)
        #expect(try prune(grace: 100, now: start + 109).chunks == 0)
        #expect(Files.exists(tree + "/files/album/b"))
        let result = try prune(grace: 100, now: start + 111)
        #expect(result == TreePruning.Result(chunks: 1, files: 1, bytes: 18, versions: 1))
        #expect(!Files.exists(tree + "/files/album/b"))
        try check()
        #expect(try prune(now: start + 1000) == .init())
    }

    @Test func `the last versions keep their chunks`() async throws {
        for version in 1...4 {
            try await publish([("a", noise(9, seed: UInt64(version)))], version: Int64(version))
        }
        #expect(try prune(keep: 3, now: WallClock.seconds + 10).chunks == 1)
        #expect(try prune(keep: 2, now: WallClock.seconds + 10).chunks == 1)
        #expect(try prune(now: WallClock.seconds + 10).chunks == 1)
        try check()
    }

    @Test func `chunks that another name has too, and foreign files, stay`() async throws {
        try await publish([("a", noise(9))])
        try await publish([("b", noise(9))], name: "other")
        try await publish([("a", noise(8))], version: 2)
        try folder.write([1], "tree/chunks/ab/README")
        try folder.write([1], "tree/files/album/readme")
        #expect(try prune(now: WallClock.seconds + 10).chunks == 0)
        try Files.remove(tree + "/manifests/other.json")
        // It was taken away by hand: only now is it known, and its grace begins.
        #expect(try prune(grace: 50, now: WallClock.seconds + 20).chunks == 0)
        let result = try prune(grace: 50, now: WallClock.seconds + 100)
        #expect(result == TreePruning.Result(chunks: 1, files: 1, bytes: 18, versions: 1))
        #expect(try chunks().count == 2)
        #expect(Files.exists(tree + "/files/album/readme") && !Files.exists(tree + "/files/b"))
        try check()
    }

    @Test func `a manifest that cannot be understood keeps everything`() async throws {
        try await publish([("a", noise(9))])
        try folder.write(Array("{".utf8), "tree/manifests/x.json")
        #expect(throws: TreeError.self) { try prune(now: WallClock.seconds + 10) }
        #expect(try chunks().count == 1)
    }
}

/// Bytes that shrink well.
private func prose(_ count: Int) -> [UInt8] {
    Array((0..<count / 8).flatMap { Array("line \($0)\n".utf8) }.prefix(count))
}
