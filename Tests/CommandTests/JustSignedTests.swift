import FoundationEssentials
import TestSupport
import Testing

@Suite("A worker is asked for what has just been signed")
struct JustSignedTests {
    private let scene: Scene

    init() async throws {
        scene = try await Scene()
    }

    private struct Index: Decodable {
        struct Entry: Decodable, Equatable {
            let name: String
            let version: Int
            let files: String
        }

        let format: String
        let manifests: [Entry]
    }

    private func curl(_ worker: Worker, _ path: String, _ options: String...) async throws -> Ended {
        let arguments = ["-sS", "--cacert", scene.certificates.authority] + options + [worker.url + path]
        return try await scene.must(.system("curl"), arguments, by: .stranger)
    }

    @Test func `Its chunks, its manifest and its place in the index are there at once, each time`() async throws {
        let root = scene.path("published")
        try Files.makeDirectory(root)
        let worker = try await scene.worker(root: root)
        for number in 1...5 {
            let name = "file \(number)"
            let bytes = noise(1000, seed: UInt64(number))
            try Files.write(bytes, to: "\(root)/\(name)")
            let manifest = try await scene.sign("\(root)/\(name)", ["--version", "\(number)"])
            let digest = try #require(HonestTree(manifest: manifest, root: root).digests.first)
            let entry = Index.Entry(name: "file-\(number)", version: number, files: "files/")
            // Another is the first to be asked for each time.
            if number % 3 == 0 {
                #expect(try await index(of: worker).manifests.contains(entry))
            } else if number % 3 == 1 {
                let served = try await curl(worker, "manifests/file-\(number).json")
                #expect(served.output == (try Files.read(manifest)))
            }
            let chunk = try await curl(worker, "chunks/\(digest.prefix(2))/\(digest)")
            #expect(chunk.output == bytes)
            #expect(try await index(of: worker).manifests.first == entry)
            #expect(try await curl(worker, "manifests/file-\(number).json.minisig").text.contains("trusted comment"))
        }
        #expect(try await index(of: worker).manifests.map(\.version) == [5, 4, 3, 2, 1])
    }

    private func index(of worker: Worker) async throws -> Index {
        let index = try JSONDecoder().decode(
            Index.self,
            from: Data(try await curl(worker, "manifests/index.json").output)
        )
        #expect(index.format == "fdl-index-v1")
        return index
    }

    @Test func `A get that begins right after the signing is not told that the worker lacks it`() async throws {
        let root = scene.path("published")
        try Files.makeDirectory(root)
        let worker = try await scene.worker(root: root)
        for number in 1...3 {
            let bytes = noise(300_000, seed: UInt64(number))
            let published = try await scene.publish(bytes, as: "\(number).bin", chunkSize: 65_536)
            let output = scene.path("copy \(number)")
            let done = try await scene.get(published.manifest, to: output, from: [worker.url]).done()
            #expect(try done.source(worker.url).lacked == 0)
            #expect(try Files.hold(output, bytes))
        }
    }

    @Test func `No cache keeps what is not there`() async throws {
        let published = try await scene.publish(noise(1000))
        let worker = try await scene.worker(root: published.root)
        let none = String(repeating: "0", count: 64)
        for path in ["chunks/00/\(none)", "manifests/none.json", "files/none", "nothing"] {
            let head = try await curl(worker, path, "-I").text
            #expect(head.contains(" 404 "), "\(head)")
            #expect(head.lowercased().contains("cache-control: no-store"), "\(head)")
        }
    }
}
