import Glibc
import TestSupport
import Testing

@Suite("From the field: holes")
struct HoleFieldTests {
    /// The bytes that a file takes on the disk.
    private func room(_ path: String) throws -> Int {
        var information = stat()
        guard stat(path, &information) == 0 else { throw HarnessError("there is no \(path)") }
        return Int(information.st_blocks) * 512
    }

    /// A file of nothing but `data` at an offset.
    private func sparse(_ path: String, size: Int, data: [UInt8], at offset: Int) throws {
        try Files.write([], to: path)
        try #require(truncate(path, off_t(size)) == 0)
        try Files.patch(path, at: offset, with: data)
    }

    @Test(
        .reported(as: "restic/restic#79", "restic/restic#3854", "teejee2008/timeshift#864"),
        arguments: [0, 100 << 20, (512 << 20) - 100_000]
    )
    func `A disk image of holes fills the reader's disk`(offset: Int) async throws {
        let scene = try await Scene()
        let root = scene.path("published")
        let image = root + "/disk.img"
        try sparse(image, size: 512 << 20, data: noise(100_000), at: offset)
        let offer = Scene.Offer(
            original: image,
            manifest: try await scene.sign(image),
            worker: try await scene.worker(root: root)
        )
        let output = scene.path("copy")
        let done = try await scene.get(offer, to: output).done()
        #expect(try await scene.isRight(output, offer))
        // A chunk at each end of the data is fetched and written whole.
        let most = 4 << 20
        #expect(try room(output) <= room(image) + most, "the holes are written out")
        #expect(try done.source(offer.worker.url).bytes <= most, "zeros were fetched")
        // Over itself with the data gone wrong: what was holes stays holes.
        try Files.patch(output, at: offset, with: [~noise(1)[0]])
        _ = try await scene.get(offer, to: output, ["--force"]).done()
        #expect(try await scene.isRight(output, offer))
        #expect(try room(output) <= room(image) + most, "the holes are written out by --force")
    }

    @Test func `A seed's zeros are copied as bytes`() async throws {
        let scene = try await Scene()
        let root = scene.path("published")
        let image = root + "/disk.img"
        try sparse(image, size: 64 << 20, data: noise(100_000), at: 32 << 20)
        let offer = Scene.Offer(
            original: image,
            manifest: try await scene.sign(image),
            worker: try await scene.worker(root: root)
        )
        try await scene.must(.system("cp"), ["--sparse=never", image, scene.path("seed")], by: .reader)
        let output = scene.path("copy")
        let done = try await scene.get(offer, to: output, ["--seed", scene.path("seed")]).done()
        #expect(done.chunks.fetched == 0)
        #expect(try await scene.isRight(output, offer))
        #expect(try room(output) <= room(image) + (4 << 20))
    }
}
