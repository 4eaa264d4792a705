import FDLCore
import FDLCrypto
import FDLSystem
import Foundation
import TestSupport
import Testing

@testable import FDLPublishing

/// Holes are zeros to a reader, and no work to the publisher.
@Suite struct HoleTests {
    static let now = UTCTime(secondsSince1970: 1_795_341_600)
    static let chunk = 65_536

    /// Writes a file of `size` bytes with `pieces` of data in it.
    private func sparse(
        _ folder: TemporaryFolder,
        size: Int,
        _ pieces: [(offset: Int, bytes: [UInt8])]
    ) throws -> String {
        let path = "\(folder.path)/sparse"
        let file = try Descriptor(opening: path, flags: O_RDWR | O_CREAT | O_TRUNC, mode: 0o644)
        try file.truncate(to: Int64(size))
        for piece in pieces { try piece.bytes.withUnsafeBytes { try file.write($0, at: Int64(piece.offset)) } }
        return path
    }

    @Test(arguments: [
        [], [0], [300_000], [1_999_999], [65_535, 65_536], [0, 4_096, 131_072, 1_000_000], [131_071, 1_999_990],
    ])
    func `a file with holes has the digests of its zeros`(offsets: [Int]) async throws {
        let folder = try TemporaryFolder()
        let size = 2_000_000
        let path = try sparse(folder, size: size, offsets.map { ($0, [7]) })
        var content = [UInt8](repeating: 0, count: size)
        for offset in offsets { content[offset] = 7 }
        var recipe = ManifestRecipe()
        recipe.chunkSize = ChunkSize(bytes: Self.chunk)
        recipe.includesFileDigests = true
        let manifest = try await recipe.manifest(of: PublishingInput(scanning: path), now: Self.now)
        let expected = stride(from: 0, to: size, by: Self.chunk).map {
            SHA256Digest(hashing: Array(content[$0..<min($0 + Self.chunk, size)]))
        }
        #expect(manifest.digests == expected)
        #expect(manifest.files[0].sha256 == SHA256Digest(hashing: content))
    }

    @Test func `a terabyte of holes is read nowhere`() async throws {
        let folder = try TemporaryFolder()
        let path = try sparse(folder, size: 1 << 40, [(1 << 39, [7])])
        var recipe = ManifestRecipe()
        recipe.chunkSize = ChunkSize(bytes: 16 << 20)
        let manifest = try await recipe.manifest(of: PublishingInput(scanning: path), now: Self.now)
        let zeros = SHA256Digest(hashing: [UInt8](repeating: 0, count: 16 << 20))
        #expect(manifest.digests.count == 1 << 16)
        #expect(manifest.digests.indices.filter { manifest.digests[$0] != zeros } == [1 << 15])
    }
}
