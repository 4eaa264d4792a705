import FoundationEssentials
import Glibc
import TestSupport
import Testing

@Suite("fdl-sign publish")
struct PublishTests {
    private let scene: Scene
    private let tree: String

    init() async throws {
        scene = try await Scene()
        tree = scene.path("tree")
    }

    @Test(arguments: RealServer.Static.allCases)
    func `A folder and a file, published, on a real server`(kind: RealServer.Static) async throws {
        let published = try await scene.publish(prose(3_000_000), chunkSize: 65_536)
        let (folder, manifest) = try await scene.signedFolder("album", files: 60)
        for path in [published.manifest, manifest] {
            let ended = try await scene.publishTree(path, [tree, "--precompress"]).succeeded()
            #expect(ended.errors == "")
        }
        let server = try await RealServer.start(kind, root: tree, in: scene)
        _ = try await scene.get(server.url + "files/data.bin", to: scene.path("copy"), from: []).done()
        #expect(try Files.hold(scene.path("copy"), published.bytes))
        let done = try await scene.get(server.url + "manifests/album.json", to: scene.path("album"), from: []).done()
        #expect(try await scene.areSame(folder, scene.path("album")))
        let source = try done.source(server.url)
        #expect(source.failed + source.corrupt + source.lacked == 0, "\(source.reason ?? "-")")
        // As a mirror too: the files lie plainly, a folder's in a directory of its name.
        _ = try await scene.get(
            manifest,
            to: scene.path("mirrored"),
            from: [],
            ["--mirror", server.url + "files/album/"]
        ).done()
        #expect(try await scene.areSame(folder, scene.path("mirrored")))
    }

    @Test func `What is limited to little comes compressed, also if the server closes behind each answer`() async throws
    {
        let published = try await scene.publish(prose(6 << 20), chunkSize: 65_536)
        try await scene.publishTree(published.manifest, [tree, "--precompress"]).succeeded()
        let server = try await Mirror.start(root: tree, in: scene, server: "gzip_static on; keepalive_requests 1;")
        let slowly = ["--server", server.url, "--limit-rate", "4M"]
        _ = try await scene.get(published.manifest, to: scene.path("copy"), from: [], slowly).done()
        #expect(try Files.hold(scene.path("copy"), published.bytes))
        // REQUEST" STATUS LENGTH
        let plain = try server.requests.count { $0.contains("\" 200 65536 ") }
        #expect(plain == 0)
        #expect(try server.requests.count >= published.chunkCount)
    }

    @Test func `A worker serves a published tree, and its compressed chunks as they are`() async throws {
        let published = try await scene.publish(prose(3_000_000), chunkSize: 65_536)
        let (folder, manifest) = try await scene.signedFolder("album", files: 60)
        for path in [published.manifest, manifest] {
            try await scene.publishTree(path, [tree, "--precompress", "--compression-level", "9"]).succeeded()
        }
        let worker = try await scene.worker(root: tree)
        let index = ["-sS", "--cacert", scene.certificates.authority, worker.url + "manifests/index.json"]
        let served = try await scene.must(.system("curl"), index, by: .stranger)
        let written = String(decoding: try Files.read(tree + "/manifests/index.json"), as: UTF8.self)
        #expect(Set(served.text.split(separator: "\n")) == Set(written.split(separator: "\n")))
        for compress in ["always", "never"] {
            let output = scene.path("copy-\(compress)")
            _ = try await scene.get(worker.url + "files/data.bin", to: output, from: [], ["--compress", compress])
                .done()
            #expect(try Files.hold(output, published.bytes))
        }
        _ = try await scene.get(worker.url + "manifests/album.json", to: scene.path("album"), from: []).done()
        #expect(try await scene.areSame(folder, scene.path("album")))

        let name = try #require(try TreeCheck(root: tree).manifest("data.bin")?.digests.first)
        let chunk = "chunks/\(name.prefix(2))/\(name)"
        func fetch(_ options: [String]) async throws -> Ended {
            let command = ["-sS", "--cacert", scene.certificates.authority, "-D", scene.path("head")] + options
            return try await scene.must(.system("curl"), command + [worker.url + chunk], by: .stranger)
        }
        let compressed = try await fetch(["-H", "Accept-Encoding: gzip"])
        #expect(compressed.output == (try Files.read("\(tree)/\(chunk).gz")))
        let head = String(decoding: try Files.read(scene.path("head")), as: UTF8.self).lowercased()
        #expect(head.contains("content-encoding: gzip\r\n") && head.contains("vary: accept-encoding\r\n"))
        #expect(!head.contains("repr-digest"))
        // Who got something wrong asks past all caches, and is given the chunk itself, compressed anew.
        let anew = try await fetch(["-H", "Accept-Encoding: gzip", "-H", "Cache-Control: no-cache"])
        #expect(anew.output != compressed.output)
        #expect(try await fetch([]).output == Files.read("\(tree)/\(chunk)"))
    }

    @Test func `A new version while the old one is read`() async throws {
        let bytes = noise(8 << 20)
        let published = try await scene.publish(bytes, chunkSize: 65_536, ["--version", "1"])
        try await scene.publishTree(published.manifest, [tree]).succeeded()
        let kept = scene.path("old.manifest.json")
        for suffix in ["", ".minisig"] { try Files.copy(published.manifest + suffix, to: kept + suffix) }
        let server = try await RealServer.start(.nginx, root: tree, in: scene)
        let output = scene.path("copy")
        let reader = try await scene.startGet(kept, to: output, from: [server.url], ["--limit-rate", "4M"])
        try await reader.writes(1 << 20)
        var changed = bytes
        for offset in stride(from: 0, to: changed.count, by: 1 << 20) { changed[offset] ^= 1 }
        try Files.write(changed, to: published.file)
        _ = try await scene.sign(published.file, ["--chunk-size", "64KiB", "--version", "2"])
        let ended = try await scene.publishTree(published.manifest, [tree, "--prune"]).succeeded()
        #expect(ended.text.contains("128 chunks, 8 new (512 KiB)"), "\(ended.text)")
        #expect(ended.text.contains("removed 0 chunks"))
        _ = try GetResult(await reader.wait()).done()
        #expect(try Files.hold(output, bytes))
        _ = try await scene.get(server.url, to: scene.path("new"), from: []).done()
        #expect(try Files.hold(scene.path("new"), changed))
        // When the grace is over, what only the old version has goes.
        let pruned = try await scene.publishTree(published.manifest, [tree, "--prune", "--grace", "0"]).succeeded()
        #expect(pruned.text.contains("removed 8 chunks"), "\(pruned.text)")
    }

    // MARK: What is refused

    @Test func `What is not as it was signed`() async throws {
        let published = try await scene.publish(noise(3_000_000), chunkSize: 65_536)
        try Files.patch(published.file, at: 2_000_000, with: [1, 2, 3, 4])
        try await scene.publishTree(published.manifest, [tree])
            .failed(65, saying: "data.bin is not what the manifest lists", "byte 1966080")
        #expect(try Files.list(tree) == [".fdl"])
        try Files.remove(published.file)
        try await scene.publishTree(published.manifest, [tree]).failed(64, saying: "data.bin is not there")
        try await scene.publishTree(published.manifest, [tree, "--from", scene.path("nowhere")])
            .failed(64, saying: "nowhere")
    }

    @Test func `A signature that does not hold, or is not there`() async throws {
        let published = try await scene.publish(noise(1_000))
        let other = try await scene.publisherKey("other")
        let arguments = ["publish", published.manifest, tree, "--publisher-key", other]
        try await scene.run(.sign, arguments, by: .publisher).failed(65, saying: "none of those named")
        try Files.remove(published.manifest + ".minisig")
        try await scene.publishTree(published.manifest, [tree]).failed(65, saying: "no signature")
        #expect(!Files.exists(tree))
    }

    @Test func `Directories that will not do`() async throws {
        let published = try await scene.publish(noise(1_000))
        try Files.write([1], to: scene.path("file"))
        try await scene.publishTree(published.manifest, [scene.path("file")]).failed(
            73,
            saying: "file: Not a directory"
        )
        if geteuid() != 0 {
            let foreign = scene.path("foreign")
            try Files.makeDirectory(foreign)
            chmod(foreign, 0o555)
            try await scene.publishTree(published.manifest, [foreign]).failed(73, saying: "Permission denied")
        }
        try await scene.publishTree(published.manifest, [tree, tree + "/"])
            .failed(64, saying: "manifest names 0 workers")
        let at = ["--at", "https://a.example/", "--at", "https://b.example/"]
        try await scene.publishTree(published.manifest, [tree, tree + "/"] + at).failed(64, saying: "one directory")
        try await scene.publishTree(published.manifest, [tree, tree + "2", "--at", at[1]]).failed(64, saying: "1 --at")
        let twice = ["--at", "https://a.example", "--at", "https://A.example:443/"]
        try await scene.publishTree(published.manifest, [tree, tree + "2"] + twice)
            .failed(64, saying: "https://a.example/ stands for two directories")
        try await scene.publishTree(published.manifest, [tree, tree + "2", "--replicas", "3"] + at)
            .failed(64, saying: "--replicas 3")
    }

    @Test func `An odd umask is told of, and the owner can still read it all`() async throws {
        let published = try await scene.publish(noise(1_000))
        let key = try await scene.publisherKey()
        let script = "umask 0777; exec \"$0\" publish \"$1\" \"$2\" --publisher-key \"$3\""
        let words = ["-c", script, Program.sign.path, published.manifest, tree, key]
        let ended = try await scene.run(.system("sh"), words, by: .publisher).succeeded()
        #expect(ended.errors.hasPrefix("warning: other users cannot read"))
        #expect(try await TreeCheck(root: tree).wrongChunks(in: scene) == [])
        let again = try await scene.publishTree(published.manifest, [tree]).succeeded()
        #expect(again.text.contains("0 new"))
    }
}
