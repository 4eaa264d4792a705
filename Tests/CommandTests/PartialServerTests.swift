import TestSupport
import Testing

@Suite("Workers that hold only a part")
struct PartialServerTests {
    @Test func `Two workers, each with half of the files, make a whole`() async throws {
        let scene = try await Scene()
        let folder = scene.path("whole/folder")
        for number in 0..<20 { try Files.write(noise(150_000, seed: UInt64(number)), to: "\(folder)/file\(number)") }
        let manifest = try await scene.sign(folder, ["--chunk-size", "64KiB"])
        var workers: [Worker] = []
        for half in 0..<2 {
            let root = scene.path("half\(half)")
            for number in 0..<20 where number % 2 == half {
                try Files.copy("\(folder)/file\(number)", to: "\(root)/folder/file\(number)")
            }
            for suffix in ["", ".minisig"] {
                try Files.copy(manifest + suffix, to: "\(root)/folder.manifest.json\(suffix)")
            }
            workers.append(try await scene.worker(root: root))
        }
        let output = scene.path("copy")
        let done = try await scene.get(manifest, to: output, from: workers.map(\.url)).done()
        #expect(try await scene.run(.system("diff"), ["-r", folder, output], by: .reader).code == 0)
        for worker in workers {
            let source = try done.source(worker.url)
            #expect(source.chunks == done.chunks.total / 2)
            #expect(source.corrupt == 0)
        }

        let half = try await scene.get(manifest, to: scene.path("other"), from: [workers[0].url])
        try half.failed(69)
        #expect(!Files.exists(scene.path("other/file1")))
    }
}
