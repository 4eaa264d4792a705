import TestSupport
import Testing

@Suite("Object stores")
struct ObjectStoreTests {
    @Test func `A bucket of chunks and of files is a source of either kind`() async throws {
        let scene = try await Scene()
        let published = try await scene.publish(noise(9 << 20, seed: 71) + prose(1 << 20))
        let bucket = try await bucket(of: published, in: scene)
        let store = try await ObjectStore.start(volumes: 1, in: scene)
        try await store.upload(bucket, toBucket: "pub", in: scene)
        let url = store.url(ofBucket: "pub")

        let worker = try await scene.get(published.manifest, to: scene.path("of-chunks"), from: [url])
        #expect(worker.code == 0, "\(worker.ended.errors)")
        #expect(try Files.read(scene.path("of-chunks")) == published.bytes)
        let mirror = try await scene.get(
            published.manifest,
            to: scene.path("of-files"),
            from: [],
            ["--mirror", url + "files/"]
        )
        #expect(mirror.code == 0, "\(mirror.ended.errors)")
        #expect(try Files.read(scene.path("of-files")) == published.bytes)
    }

    @Test(arguments: [Kind.worker, .mirror])
    func `One of three volume servers is killed midway and nothing is lost`(kind: Kind) async throws {
        let scene = try await Scene()
        let published = try await scene.publish(noise(24 << 20, seed: 72))
        let bucket = try await bucket(of: published, in: scene)
        let store = try await ObjectStore.start(volumes: 3, in: scene)
        try await store.upload(bucket, toBucket: "pub", in: scene)
        let url = store.url(ofBucket: "pub")
        let output = scene.path("out")

        let sources = kind == .worker ? ["--server", url] : ["--mirror", url + "files/"]
        // Slow enough for the kill to come midway.
        let get = try await scene.startGet(published.manifest, to: output, from: [], sources + ["--limit-rate", "6M"])
        _ = try await eventually("some chunks are there") { () -> Bool? in
            guard Files.exists(output + ".fdl-part") else { return nil }
            return try published.rightChunks(in: output + ".fdl-part").count >= 3 ? true : nil
        }
        _ = try await store.volumes[1].kill9()
        let result = GetResult(try await get.wait())
        #expect(result.code == 0, "\(result.ended.errors)")
        #expect(try Files.read(output) == published.bytes)
    }

    enum Kind: Sendable { case worker, mirror }

    /// A directory with what a bucket is to have.
    private func bucket(of published: Published, in scene: Scene) async throws -> String {
        let bucket = scene.path("bucket")
        try HonestTree(manifest: published.manifest, root: published.root).writeChunks(below: bucket)
        try Files.write(published.bytes, to: bucket + "/files/data.bin")
        return bucket
    }
}
