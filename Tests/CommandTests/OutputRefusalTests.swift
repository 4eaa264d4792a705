import TestSupport
import Testing

@Suite("Outputs that are refused")
struct OutputRefusalTests {
    private let scene: Scene
    private let published: Published
    private let source: FaultServer

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(noise(500_000), chunkSize: 65_536)
        let tree = try HonestTree(manifest: published.manifest, root: published.root)
        source = try await FaultServer.start(certificate: scene.certificates.server, tree.answer)
    }

    private func get(to output: String) async throws -> GetResult {
        try await scene.get(published.manifest, to: output, from: [source.url])
    }

    /// Everything below the directory, with kinds, modes, sizes and contents.
    private func snapshot(_ directory: String) async throws -> String {
        let script =
            "cd \"$0\" && find . -printf '%p %y %m %s %l\\n' | sort && find . -type f -exec sha256sum {} + | sort"
        return try await scene.must(.system("sh"), ["-c", script, directory], by: .reader).text
    }

    private func expectRefused(_ output: String, in directory: String, saying part: String) async throws {
        let before = try await snapshot(directory)
        try await get(to: output).failed(73, saying: part)
        #expect(try await snapshot(directory) == before)
        #expect(source.requests.isEmpty, "chunks were asked for before the output was looked at")
    }

    private func directory(_ name: String = "out") throws -> String {
        try Files.makeDirectory(scene.path(name))
        return scene.path(name)
    }

    @Test func `No such directory`() async throws {
        let out = try directory()
        try await expectRefused(out + "/none/copy", in: out, saying: "none")
    }

    @Test func `An existing file of other content`() async throws {
        let out = try directory()
        try Files.write(Array("mine".utf8), to: out + "/copy")
        try await expectRefused(out + "/copy", in: out, saying: "copy")
    }

    @Test func `A directory`() async throws {
        let out = try directory()
        try Files.makeDirectory(out + "/copy")
        try await expectRefused(out + "/copy", in: out, saying: "directory")
    }

    @Test(arguments: ["target", "absent"])
    func `A symbolic link`(to target: String) async throws {
        let out = try directory()
        try Files.write(Array("mine".utf8), to: out + "/target")
        try await scene.must(.system("ln"), ["-s", target, out + "/copy"], by: .reader)
        try await expectRefused(out + "/copy", in: out, saying: "symbolic link")
    }

    @Test func `A symbolic link where the partial file would be`() async throws {
        let out = try directory()
        try Files.write(Array("mine".utf8), to: out + "/target")
        try await scene.must(.system("ln"), ["-s", "target", out + "/copy.fdl-part"], by: .reader)
        try await expectRefused(out + "/copy", in: out, saying: "copy.fdl-part")
    }

    @Test func `A named pipe`() async throws {
        let out = try directory()
        try await scene.must(.system("mkfifo"), [out + "/copy"], by: .reader)
        try await expectRefused(out + "/copy", in: out, saying: "copy")
    }

    @Test func `A directory that may not be written to`() async throws {
        let out = try directory()
        try await scene.must(.system("chmod"), ["0500", out], by: .reader)
        let before = try await snapshot(out)
        let arguments =
            try await ["get", published.manifest, "-o", out + "/copy", "--server", source.url]
            + scene.acceptance()
        try await scene.unprivileged(.secure, arguments, by: .reader).failed(73, saying: out)
        #expect(try await snapshot(out) == before)
    }

    @Test func `A second client on the same output`() async throws {
        let out = try directory()
        let tree = try HonestTree(manifest: published.manifest, root: published.root)
        let gate = SharedMutex(false)
        let slow = try await FaultServer.start(certificate: scene.certificates.server) { request, reply in
            while !gate.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) }
            try await tree.answer(request, reply)
        }
        let first = try await scene.startGet(published.manifest, to: out + "/copy", from: [slow.url])
        try await first.until("it asks for a chunk") { slow.requests.isEmpty ? nil : () }
        try await get(to: out + "/copy").failed(73, 75, saying: "copy")
        #expect(source.requests.isEmpty)
        gate.withLock { $0 = true }
        _ = try GetResult(await first.wait()).done()
        #expect(try Files.hold(out + "/copy", published.bytes))
    }

    @Test func `A folder's output that exists as a file, and an entry of it that is a link`() async throws {
        let folder = scene.path("published/folder")
        try Files.write(noise(1_000), to: folder + "/a/file")
        let manifest = try await scene.sign(folder)
        let out = try directory()
        try Files.write(Array("mine".utf8), to: out + "/copy")
        let refused = try await scene.get(manifest, to: out + "/copy", from: [source.url])
        try refused.failed(73, saying: "copy")
        #expect(try Files.read(out + "/copy") == Array("mine".utf8))

        try Files.makeDirectory(scene.path("elsewhere"))
        try Files.makeDirectory(out + "/tree.fdl-part")
        try await scene.must(.system("ln"), ["-s", scene.path("elsewhere"), out + "/tree.fdl-part/a"], by: .reader)
        let linked = try await scene.get(manifest, to: out + "/tree", from: [source.url])
        #expect(linked.code != 0)
        #expect(try Files.list(scene.path("elsewhere")) == [])
        #expect(!Files.exists(out + "/tree"))
    }
}
