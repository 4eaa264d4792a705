import TestSupport
import Testing

/// What lies below `files/`, and is read by whoever has no `fdl-secure`.
@Suite("publish --check and --heal: whole files")
struct CheckFilesTests {
    private let scene: Scene
    private let tree: String

    init() async throws {
        scene = try await Scene()
        tree = scene.path("tree")
    }

    private func look(_ options: String...) async throws -> Ended {
        try await scene.run(.sign, ["publish"] + options + [tree], by: .publisher)
    }

    @Test func `One missing, one wrong, one shorter, one a folder's place: found, and made again`() async throws {
        let (folder, manifest) = try await scene.signedFolder("album", files: 60, ["--chunk-size", "64KiB"])
        try await scene.publishTree(manifest, [tree]).succeeded()
        let whole = try await look("--check").succeeded()
        #expect(whole.text.contains("  whole files: 60 good\n"), "\(whole.text)")
        let files = tree + "/files/album"
        try Files.remove("\(files)/d1/file 1")
        // In its second chunk.
        try Files.patch("\(files)/d0/file 50", at: 100_000, with: [0, 0, 0])
        try Files.write(Array(try Files.read("\(files)/d2/file 2").dropLast()), to: "\(files)/d2/file 2")
        try Files.remove("\(files)/d3")
        try Files.write([1], to: "\(files)/d3")

        let found = try await look("--check")
        try found.failed(65, saying: "9 whole files are missing or wrong")
        #expect(found.text.contains("  whole files: 51 of 60 good\n"), "\(found.text)")
        #expect(found.text.contains("  missing: \(files)/d1/file 1\n"))
        #expect(found.text.contains("  missing: \(files)/d3/file 3\n"))
        #expect(found.text.contains("  wrong: \(files)/d0/file 50\n"))
        #expect(found.text.contains("  wrong: \(files)/d2/file 2\n"))

        try Files.remove("\(files)/d3")
        let healed = try await look("--heal").succeeded()
        #expect(healed.text.contains("healed: 9\n"), "\(healed.text)")
        #expect(try await scene.areSame(folder, files))
        #expect(try await look("--check").succeeded().text.contains("  whole files: 60 good\n"))
    }

    @Test func `A file whose chunk is nowhere stays as it is, until its original is named`() async throws {
        let published = try await scene.publish(noise(400_000), chunkSize: 65_536)
        try await scene.publishTree(published.manifest, [tree]).succeeded()
        let digest = try #require(try TreeCheck(root: tree).chunks.sorted().first)
        try Files.remove("\(tree)/chunks/\(digest.prefix(2))/\(digest)")
        try Files.patch("\(tree)/files/data.bin", at: 9, with: [0, 0, 0])
        let damaged = try Files.read("\(tree)/files/data.bin")
        let failed = try await look("--heal")
        try failed.failed(65, saying: "1 chunk lacks a good copy, and 1 whole file is missing or wrong")
        #expect(try Files.read("\(tree)/files/data.bin") == damaged)
        _ = try await look("--heal", "--from", published.file).succeeded()
        #expect(try Files.hold("\(tree)/files/data.bin", published.bytes))
    }

    @Test func `Without whole files none are missed, and a copy without its notes is looked at too`() async throws {
        let published = try await scene.publish(noise(200_000), chunkSize: 65_536)
        try await scene.publishTree(published.manifest, [tree, "--no-files"]).succeeded()
        #expect(!(try await look("--check").succeeded().text.contains("whole files")))
        try await scene.publishTree(published.manifest, [tree]).succeeded()
        try Files.remove(tree + "/.fdl")
        #expect(try await look("--check").succeeded().text.contains("  whole files: 1 good\n"))
        try Files.patch(tree + "/files/data.bin", at: 9, with: [0, 0, 0])
        try await look("--check").failed(65, saying: "1 whole file is missing or wrong")
    }
}
