import FoundationEssentials
import Glibc
import TestSupport
import Testing

@Suite("fdl-sign publish is killed at random moments")
struct PublishKillTests {
    /// A few in CI, fifty with `tools/test --all`.
    private static let kills = ProcessInfo.processInfo.environment["FDL_TEST_ALL"] == "1" ? 50 : 6

    @Test func `The tree is never wrong, and the next run completes`() async throws {
        let scene = try await Scene()
        let tree = scene.path("tree")
        let check = TreeCheck(root: tree)
        let key = try await scene.publisherKey()
        let folder = scene.path("work/album")
        var moments = SeededGenerator(seed: 2_027)
        var longest = Duration.zero
        var (ended, seen) = (0, 0)
        var version = 0
        func sign() async throws -> String {
            version += 1
            // Half of it is new each time.
            for number in 0..<8 {
                let seed = UInt64(number % 2 == 0 ? number : number + 100 * version) + 1
                try Files.write(noise(1_500_000, seed: seed), to: "\(folder)/d\(number % 3)/\(number)")
            }
            return try await scene.sign(folder, ["--chunk-size", "64KiB", "--version", "\(version)"])
        }
        var kills = 0
        while kills < Self.kills {
            let manifest = try await sign()
            let start = ContinuousClock.now
            if longest == .zero {
                try await scene.publishTree(manifest, [tree, "--precompress"]).succeeded()
                longest = ContinuousClock.now - start
                seen = version
                continue
            }
            let moment = Int.random(in: 0...Int(longest / .milliseconds(1)), using: &moments)
            let arguments = ["publish", manifest, tree, "--publisher-key", key, "--precompress", "--prune"]
            let program = try scene.start(.sign, arguments, by: .publisher)
            try await Task.sleep(for: .milliseconds(moment))
            let result = try await program.kill9()
            if result.code == 0 { ended += 1 } else { kills += 1 }

            // What is shown is whole: a manifest that verifies, and all that it names.
            let verify = ["verify", "\(tree)/manifests/album.json", "--publisher-key", key]
            try await scene.must(.sign, verify, by: .stranger)
            let shown = try #require(try check.manifest("album"))
            #expect(shown.version == version || shown.version == seen || result.code == 0)
            seen = shown.version
            #expect(try shown.digests.isSubset(of: check.chunks))
            #expect(try await check.wrongChunks(in: scene) == [])
            let index = String(decoding: try Files.read(tree + "/manifests/index.json"), as: UTF8.self)
            #expect(index.contains("\"name\": \"album\""))
        }
        print("publish killed \(kills) times, \(ended) runs were over before")
        let manifest = try await sign()
        let last = try await scene.publishTree(manifest, [tree, "--precompress", "--prune", "--grace", "0"])
        _ = try last.succeeded()
        #expect(try await scene.areSame(folder, tree + "/files/album"))
        #expect(try check.chunks == (try #require(try check.manifest("album"))).digests)
        #expect(try Files.list(tree + "/.fdl") == ["lock", "versions"])
        try await scene.run(.sign, ["publish", "--check", tree], by: .publisher).succeeded()
    }
}
