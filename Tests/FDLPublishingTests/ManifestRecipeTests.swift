import FDLCore
import FDLCrypto
import FDLSystem
import Foundation
import Synchronization
import Testing
import TestSupport

@testable import FDLPublishing

@Suite struct ManifestRecipeTests {
    static let now = UTCTime(secondsSince1970: 1_795_341_600)
    static let smallest = 65536

    @Test(arguments: [0, 1, smallest - 1, smallest, smallest + 1, 300 * smallest + 5])
    func oneFileOfManySizes(size: Int) async throws {
        let folder = try TemporaryFolder()
        let content = noise(size)
        let path = try folder.write(content, "some file.bin")
        var recipe = ManifestRecipe()
        recipe.chunkSize = ChunkSize(bytes: Self.smallest)
        recipe.includesFileDigests = true
        let manifest = try await recipe.manifest(of: PublishingInput(scanning: path), now: Self.now)
        #expect(manifest.name.string == "some-file.bin")
        #expect(manifest.version == Self.now.secondsSince1970)
        #expect(manifest.created == Self.now)
        #expect(manifest.isSingleFile)
        #expect(manifest.files[0].path.string == "some file.bin")
        #expect(manifest.files[0].size == Int64(size))
        #expect(manifest.files[0].sha256 == SHA256Digest(hashing: content))
        let expected = stride(from: 0, to: size, by: Self.smallest).map {
            SHA256Digest(hashing: Array(content[$0..<min($0 + Self.smallest, size)]))
        }
        #expect(manifest.digests == expected)
    }

    @Test(.timeLimit(.minutes(1)))
    func hashingLeavesTheThreadsOfTasksToOthers() async throws {
        let folder = try TemporaryFolder()
        let threads = 2 * Processors.usable + 2
        for index in 0..<threads { try folder.write([1], "tree/\(index)") }
        let input = try PublishingInput(scanning: "\(folder.path)/tree")
        final class Gate: Sendable {
            let hashed = Atomic(0)
            let isOpen = Atomic(false)
        }
        let gate = Gate()
        async let manifest = ManifestRecipe().manifest(of: input, now: Self.now, threads: threads) { _, _ in
            gate.hashed.add(1, ordering: .relaxed)
            while !gate.isOpen.load(ordering: .relaxed) { usleep(1000) }
        }
        // All of them hash and wait; this task goes on.
        while gate.hashed.load(ordering: .relaxed) < threads { try await Task.sleep(for: .milliseconds(1)) }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<100 { group.addTask { await Task.yield() } }
        }
        gate.isOpen.store(true, ordering: .relaxed)
        #expect(try await manifest.files.count == threads)
    }

    @Test(arguments: [1, 2, 7])
    func aFolderOfManyFiles(threads: Int) async throws {
        let folder = try TemporaryFolder()
        var contents: [String: [UInt8]] = [:]
        for index in 0..<60 {
            let name = "tree/\(index % 3)/datei \(index) é"
            contents[String(name.dropFirst(5))] = noise(index * 4099)
            try folder.write(noise(index * 4099), name)
        }
        var recipe = ManifestRecipe()
        recipe.chunkSize = ChunkSize(bytes: Self.smallest)
        let input = try PublishingInput(scanning: "\(folder.path)/tree/")
        #expect(input.defaultOutput == "\(folder.path)/tree.manifest.json")
        let manifest = try await recipe.manifest(of: input, now: Self.now, threads: threads)
        #expect(manifest.name.string == "tree")
        let paths = manifest.files.map(\.path.string)
        #expect(paths.count == 60)
        #expect(paths == paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        for (index, file) in manifest.files.enumerated() {
            let content = try #require(contents[file.path.string])
            let chunks = manifest.layout.chunks(ofFile: index)
            let expected = stride(from: 0, to: content.count, by: Self.smallest).map {
                SHA256Digest(hashing: Array(content[$0..<min($0 + Self.smallest, content.count)]))
            }
            #expect(Array(manifest.digests[chunks]) == expected)
            #expect(file.sha256 == nil)
        }
    }

    @Test func theRecipeIsFollowed() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write([1], "x")
        var recipe = ManifestRecipe()
        recipe.name = ManifestName("other")
        recipe.version = 3
        recipe.expires = UTCTime(secondsSince1970: 1_900_000_000)
        recipe.sources = [.init(kind: .mirror, url: try SourceURL("https://a.example/"))]
        recipe.trust = .init(certificateAuthority: nil, pins: ["sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="])
        let manifest = try await recipe.manifest(of: PublishingInput(scanning: path), now: Self.now)
        #expect(manifest.name.string == "other" && manifest.version == 3)
        #expect(manifest.expires == recipe.expires && manifest.sources == recipe.sources)
        #expect(manifest.trust == recipe.trust)
        #expect(manifest.chunkSize.bytes == 1 << 20)
    }

    @Test func progressEndsAtTheTotal() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(noise(20 << 20), "x")
        let (stream, continuation) = AsyncStream.makeStream(of: (Int64, Int64).self)
        _ = try await ManifestRecipe().manifest(of: PublishingInput(scanning: path), now: Self.now) {
            continuation.yield(($0, $1))
        }
        continuation.finish()
        let reports = await stream.reduce(into: []) { $0.append($1) }
        #expect(reports.map(\.0).max() == 20 << 20)
        #expect(reports.allSatisfy { $0.1 == 20 << 20 })
    }

    @Test func changesWhileHashingAreRefused() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(noise(100), "x")
        let changes: [(String, () throws -> Void)] = [
            ("longer", { try folder.write(noise(101), "x") }),
            ("shorter", { try folder.write(noise(99), "x") }),
            ("other", { try folder.write(noise(100).reversed(), "x") }),
            ("gone", { try FileManager.default.removeItem(atPath: path) }),
        ]
        for (name, change) in changes {
            try folder.write(noise(100), "x")
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1)],
                ofItemAtPath: path
            )
            let input = try PublishingInput(scanning: path)
            try change()
            let manifest = Task { try await ManifestRecipe().manifest(of: input, now: Self.now) }
            let result = await manifest.result
            #expect(throws: PublishingError.changed(path: path), "\(name)") { try result.get() }
        }
    }

    @Test func aCancelledTaskEndsWithoutAManifest() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write([1], "x")
        let input = try PublishingInput(scanning: path)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await ManifestRecipe().manifest(of: input, now: Self.now)
        }
        let result = await task.result
        #expect(throws: PublishingError.cancelled) { try result.get() }
    }

    @Test func moreThanTheFormatHoldsIsRefusedBeforeHashing() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write([], "sparse")
        #expect(truncate(path, off_t(65536) << 20 + 1) == 0)
        var recipe = ManifestRecipe()
        recipe.chunkSize = ChunkSize(bytes: Self.smallest)
        let input = try PublishingInput(scanning: path)
        let task = Task { [recipe] in try await recipe.manifest(of: input, now: Self.now) }
        let result = await task.result
        let error = #expect(throws: PublishingError.manifest(.tooManyChunks)) { try result.get() }
        #expect(error?.failure.hint?.contains("--chunk-size") == true)
    }
}
