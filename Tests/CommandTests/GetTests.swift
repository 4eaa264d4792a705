import TestSupport
import Testing

@Suite("fdl-secure get")
struct GetTests {
    private let scene: Scene

    init() async throws {
        scene = try await Scene()
    }

    @Test func `A large file comes from three workers at once, byte for byte, and a second run fetches nothing`()
        async throws
    {
        let published = try await scene.publish(noise(largeSize))
        let workers = try await scene.workers(3, root: published.root)
        let output = scene.path("copy")
        let done = try await scene.get(published.manifest, to: output, from: workers.map(\.url)).done()
        #expect(try Files.hold(output, published.bytes))
        #expect(done.bytes == published.bytes.count)
        #expect(done.chunks.fetched == published.chunkCount)
        for worker in workers { #expect(try done.source(worker.url).chunks > 0) }
        #expect(!Files.exists(output + ".fdl-part"))

        let again = try await scene.get(published.manifest, to: output, from: workers.map(\.url)).done()
        #expect(again.chunks.fetched == 0)
        #expect(again.chunks.reused == published.chunkCount)
        #expect(again.sources.allSatisfy { $0.chunks == 0 })
    }

    @Test func `A folder of a thousand files of many sizes and names`() async throws {
        let folder = scene.path("published/many files")
        let chunk = 65_536
        let sizes = [0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk, 2 * chunk + 1]
        for number in 0..<1_000 {
            let size = number < 70 ? sizes[number % sizes.count] : (number * 37) % 5_000
            let directory = number % 10 == 0 ? "deep/er/\(number % 7)/" : number % 3 == 0 ? "a directory/" : ""
            let name = number % 4 == 0 ? "ünïcödé 文件 \(number) 🦆.dat" : "file \(number).dat"
            try Files.write(noise(size, seed: UInt64(number)), to: folder + "/" + directory + name)
        }
        try await scene.must(.system("chmod"), ["+x", folder + "/file 1.dat"], by: .publisher)
        let manifest = try await scene.sign(folder, ["--chunk-size", "64KiB"])
        let workers = try await scene.workers(3, root: scene.path("published"))
        let output = scene.path("copy")
        let done = try await scene.get(manifest, to: output, from: workers.map(\.url)).done()
        let compared = try await scene.run(.system("diff"), ["-r", folder, output], by: .reader)
        #expect(compared.code == 0, "\(compared.text)")
        #expect(try Files.mode(output + "/file 1.dat") & 0o100 != 0)
        #expect(try Files.mode(output + "/file 2.dat") & 0o111 == 0)
        let again = try await scene.get(manifest, to: output, from: workers.map(\.url)).done()
        #expect(again.chunks.fetched == 0)
        #expect(again.chunks.total == done.chunks.total)
    }

    @Test func `A mirror that is plain nginx serves as well, beside a worker and alone`() async throws {
        let published = try await scene.publish(noise(9_000_001))
        let mirror = try await Mirror.start(root: published.root, in: scene)
        let alone = try await scene.get(published.manifest, to: scene.path("one"), from: [], ["--mirror", mirror.url])
        let source = try alone.done().source(mirror.url)
        #expect(source.kind == "mirror")
        #expect(source.chunks == published.chunkCount)
        #expect(try Files.hold(scene.path("one"), published.bytes))
        let worker = try await scene.worker(root: published.root)
        let both = try await scene.get(
            published.manifest,
            to: scene.path("two"),
            from: [worker.url],
            ["--mirror", mirror.url]
        )
        _ = try both.done()
        #expect(try Files.hold(scene.path("two"), published.bytes))
    }

    @Test func `A manifest's address is enough: manifest, signature and bytes come from that worker`() async throws {
        let published = try await scene.publish(noise(3_000_000))
        let worker = try await scene.worker(root: published.root)
        let address = worker.url + "manifests/data.bin.json"
        let done = try await scene.get(address, to: scene.path("copy"), from: []).done()
        #expect(try done.source(worker.url).chunks == published.chunkCount)
        #expect(try Files.hold(scene.path("copy"), published.bytes))
    }

    @Test func `What the manifest says of sources and CA is enough, and the output's name is its own`() async throws {
        let root = scene.path("published")
        try Files.write(noise(500_000), to: root + "/data.bin")
        let worker = try await scene.worker(root: root)
        let manifest = try await scene.sign(
            root + "/data.bin",
            ["--source", worker.url, "--ca", scene.certificates.authority]
        )
        try await scene.until(worker, serves: "data.bin.json", asIn: manifest)
        let key = try await scene.publisherKey()
        let ended = try await scene.run(.secure, ["get", manifest, "--publisher-key", key], by: .reader)
        #expect(ended.code == 0, "\(ended.errors)")
        #expect(try Files.hold(scene.home(of: .reader) + "/data.bin", noise(500_000)))
    }

    @Test func `To standard output, the bytes in order and nothing else`() async throws {
        let published = try await scene.publish(noise(5_000_000))
        let workers = try await scene.workers(2, root: published.root)
        let sources = workers.flatMap { ["--server", $0.url] }
        let arguments = try await ["get", published.manifest, "-o", "-"] + scene.acceptance() + sources
        let ended = try await scene.run(.secure, arguments, by: .reader)
        #expect(ended.code == 0, "\(ended.errors)")
        #expect(ended.output == published.bytes)
    }

    @Test(arguments: ["always", "never", "auto"])
    func `Compressed or not, the bytes are the same`(compress: String) async throws {
        let published = try await scene.publish(prose(4_000_000))
        let worker = try await scene.worker(root: published.root)
        let result = try await scene.get(
            published.manifest,
            to: scene.path("copy"),
            from: [worker.url],
            ["--compress", compress]
        )
        let source = try result.done().source(worker.url)
        #expect(source.chunks == published.chunkCount)
        #expect(try Files.hold(scene.path("copy"), published.bytes))
    }

    @Test func `Verify finds what is damaged and passes what is not`() async throws {
        let published = try await scene.publish(noise(1_000_000), chunkSize: 65_536)
        let key = try await scene.publisherKey()
        let arguments = ["verify", published.manifest, published.file, "--publisher-key", key]
        let right = try await scene.run(.secure, arguments, by: .reader)
        #expect(right.code == 0, "\(right.errors)")
        try Files.patch(published.file, at: 700_000, with: [published.bytes[700_000] ^ 1])
        try await scene.run(.secure, arguments, by: .reader).failed(65)
    }

    @Test func `A wrong command line is a usage error`() async throws {
        #expect(try await scene.run(.secure, ["get"], by: .reader).code == 64)
        #expect(try await scene.run(.secure, ["get", "a", "--nonsense"], by: .reader).code == 64)
    }
}
