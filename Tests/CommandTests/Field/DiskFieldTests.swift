import TestSupport
import Testing

@Suite("From the field: a disk that fails now and then")
struct DiskFieldTests {
    let scene: Scene
    let output: String

    init() async throws {
        scene = try await Scene()
        output = scene.path("out") + "/copy"
        try Files.makeDirectory(scene.path("out"))
    }

    /// Runs `get` while calls on `place` fail.
    private func get(
        _ offer: Scene.Offer,
        _ options: [String],
        failing faults: [String],
        at place: String
    ) async throws -> GetResult {
        let log = scene.path("strace.log")
        let calls = faults.compactMap { $0.split(separator: ":").first }.joined(separator: ",")
        let injected = faults.flatMap { ["-e", "inject=" + $0] }
        let strace = ["-f", "-qq", "-o", log, "-P", place, "-e", "trace=" + calls] + injected
        let command = try await scene.getCommand(offer, to: output, options)
        let result = GetResult(try await scene.run(.system("strace"), strace + command, by: .reader))
        let met = String(decoding: try Files.read(log), as: UTF8.self)
        try #require(met.contains("(INJECTED)"), "no call was made to fail")
        return result
    }

    /// Past the page cache the disk's own words come through: ENODATA for a bad block, EILSEQ for a wrong checksum.
    @Test(arguments: ["EIO", "ENODATA", "EILSEQ", "EREMOTEIO"])
    func `A bad block in the old copy ends the repair`(error: String) async throws {
        let offer = try await scene.offer(noise(300_000))
        try Files.copy(offer.original, to: output)
        try Files.patch(output, at: 299_000, with: [1, 2, 3])
        let repaired = try await get(offer, ["--force"], failing: ["pread64:error=\(error):when=1+2"], at: output)
        #expect(try repaired.done().chunks.fetched >= 1)
        #expect(try await scene.isRight(output, offer))
    }

    @Test(arguments: ["EIO", "EILSEQ"])
    func `A disk that fails is told as a mistake in the command line`(error: String) async throws {
        let offer = try await scene.offer(noise(300_000))
        let failed = try await get(offer, [], failing: ["pwrite64:error=\(error):when=2"], at: output + ".fdl-part")
        let hint = try failed.failed(74).hint
        #expect(hint?.contains("the disk may be failing") == true, "\(hint ?? "")")
        #expect(!Files.exists(output))
    }

    @Test func `The second of two renames fails, and the old folder is gone`() async throws {
        let offer = try await scene.offer(folder: ["a": noise(100), "b": noise(70_000)])
        try Files.write([1], to: output + "/a")
        let faults = ["renameat2:error=EINVAL", "renameat:error=EIO:when=2"]
        try await get(offer, ["--force"], failing: faults, at: scene.path("out")).failed(74)
        #expect(try Files.read(output + "/a") == [1])
        _ = try await scene.get(offer, to: output, ["--force"]).done()
        #expect(try await scene.isRight(output, offer))
        #expect(try Files.list(scene.path("out")) == ["copy"])
    }

    @Test func `What was kept of an old folder is in the way of the next update`() async throws {
        let offer = try await scene.offer(folder: ["a": noise(100), "b": noise(50)])
        for place in [output, output + ".fdl-old"] { try Files.write([1], to: place + "/a") }
        let faults = ["renameat2:error=EINVAL"]
        let updated = try await get(offer, ["--force"], failing: faults, at: scene.path("out"))
        _ = try updated.done()
        #expect(try await scene.isRight(output, offer))
        #expect(try Files.list(scene.path("out")) == ["copy", "copy.fdl-old"])
        #expect(try Files.read(output + ".fdl-old/a") == [1])
    }
}
