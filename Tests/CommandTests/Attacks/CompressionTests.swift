import TestSupport
import Testing

@Suite("Attack: compression for nobody")
struct CompressionAttackTests {
    private let scene: Scene
    private let published: Published
    private let worker: Worker
    private let digests: [String]

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(prose(16 << 20), chunkSize: 256 << 10)
        worker = try await scene.worker(root: published.root)
        digests = try HonestTree(manifest: published.manifest, root: published.root).digests
    }

    private var onlooker: Onlooker { Onlooker(scene: scene, worker: worker, published: published) }

    private func request(_ method: String, _ digest: String) -> String {
        "\(method) /chunks/\(digest.prefix(2))/\(digest) HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n"
    }

    @Test func `nothing is compressed for HEAD, which tells of what is there`() async throws {
        let client = try await RawConnection.open(to: worker, in: scene)
        try await client.ready()
        try await client.send(request("HEAD", digests[0]) + request("HEAD", digests[0]))
        _ = try await client.answers(2)
        #expect(!client.text.lowercased().contains("content-encoding"))
        let path = "chunks/\(digests[0].prefix(2))/\(digests[0])"
        let fetched = try await onlooker.curl(path, ["-H", "Accept-Encoding: gzip", "-o", "/dev/null", "-D", "-"])
        #expect(fetched.text.lowercased().contains("content-encoding: gzip"))
        try await client.send(request("HEAD", digests[0]))
        _ = try await client.answers(3)
        #expect(client.text.lowercased().contains("content-encoding: gzip"))
    }

    @Test(arguments: ["HEAD", "GET"])
    func `torn connections hold no descriptor and no honest client up`(method: String) async throws {
        let before = try worker.program.descriptors()
        for round in 0..<(isFullSize ? 150 : 15) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<10 {
                    let digest = digests[(round * 10 + number) % digests.count]
                    group.addTask { [scene, worker] in
                        let client = try await RawConnection.open(to: worker, in: scene, keeps: false)
                        try await client.ready()
                        try await client.send(request(method, digest))
                        try await client.tear()
                    }
                }
                try await group.waitForAll()
            }
        }
        let digest = digests[digests.count - 1]
        let path = "chunks/\(digest.prefix(2))/\(digest)"
        let chunk = try await onlooker.curl(path, ["--compressed"])
        #expect(chunk.output == Array(published.bytes.suffix(256 << 10)))
        try await eventually("all descriptors are given back") {
            try worker.program.descriptors() <= before ? () : nil
        }
        #expect(worker.program.isRunning)
    }

    @Test func `a hundred who ask for one chunk get it, compressed once`() async throws {
        let clients = try await withThrowingTaskGroup(of: RawConnection.self) { group in
            for _ in 0..<100 {
                group.addTask { [scene, worker] in
                    let client = try await RawConnection.open(to: worker, in: scene)
                    try await client.ready()
                    return client
                }
            }
            return try await group.reduce(into: [RawConnection]()) { $0.append($1) }
        }
        let before = try worker.program.processorTime()
        for client in clients { client.push(request("GET", digests[1])) }
        for client in clients {
            #expect(try await client.answers(1) == ["200 OK"])
            #expect(client.text.lowercased().contains("content-encoding: gzip"))
        }
        // A hundred compressions of 256 KiB take more than a second even where one of them is fast.
        let spent = try worker.program.processorTime() - before
        #expect(spent < 300, "\(spent) hundredths of a second")
    }
}
