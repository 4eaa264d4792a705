import Glibc
import TestSupport
import Testing

@Suite("fdl-sign export, and the programs it is for")
struct ExportTests {
    private let scene: Scene

    init() async throws { scene = try await Scene() }

    private func export(_ manifest: String, _ format: String, _ options: [String] = []) async throws -> Ended {
        let key = try await scene.publisherKey()
        let words = ["export", manifest, "--format", format, "--publisher-key", key]
        return try await scene.run(.sign, words + options, by: .publisher)
    }

    /// Three servers of the same files, of which the middle one serves other bytes of the same length.
    private func servers(_ root: String, lies: String) async throws -> Nginx {
        try await Nginx.start(in: scene, servers: 3) { _, _ in [root, lies, root].map { "root \($0);" } }
    }

    private func download(_ program: String, _ metalink: String, _ place: String) async throws -> Ended {
        try Files.makeDirectory(place)
        let authority = scene.certificates.authority
        let words =
            program == "aria2c"
            ? ["--no-conf", "--ca-certificate=\(authority)", "-d", place, "--file-allocation=none", "-M", metalink]
            : ["--ca-certificate=\(authority)", "--metalink", "--input-file", metalink, "--force-metalink"]
        return try await scene.run(.system(program), words, by: .stranger, in: place)
    }

    @Test(arguments: ["aria2c", "wget2"])
    func `A file from three mirrors, one of them lying`(program: String) async throws {
        let published = try await scene.publish(noise(5_000_000), chunkSize: 65_536, ["--file-digest"])
        let tree = scene.path("tree")
        try await scene.publishTree(published.manifest, [tree]).succeeded()
        let lies = scene.path("lies")
        try Files.write(noise(5_000_000, seed: 9), to: lies + "/files/data.bin")
        let nginx = try await servers(tree, lies: lies)
        let urls = (0..<3).map { nginx.url($0) + "files/" }
        let metalink = scene.path("data.meta4")
        try await export(published.manifest, "metalink4", urls.flatMap { ["--files-at", $0] } + ["-o", metalink])
            .succeeded()
        let place = scene.path("by-\(program)")
        let ended = try await download(program, metalink, place)
        #expect(ended.code == 0, "\(ended.text)\(ended.errors)")
        #expect(try Files.hold(place + "/data.bin", published.bytes), "\(ended.text)\(ended.errors)")
    }

    @Test func `aria2c takes nothing from who lies, if there is nobody else`() async throws {
        let published = try await scene.publish(noise(1_000_000), chunkSize: 65_536)
        let lies = scene.path("lies")
        try Files.write(noise(1_000_000, seed: 9), to: lies + "/files/data.bin")
        let nginx = try await servers(lies, lies: lies)
        let urls = (0..<3).map { nginx.url($0) + "files/" }
        let metalink = scene.path("data.meta4")
        try await export(published.manifest, "metalink4", urls.flatMap { ["--files-at", $0] } + ["-o", metalink])
            .succeeded()
        let ended = try await download("aria2c", metalink, scene.path("place"))
        #expect(ended.code != 0, "\(ended.text)")
    }

    @Test func `aria2c takes a folder with names that XML wants escaped, from what a worker offers`() async throws {
        let folder = scene.path("work/odd")
        // Not one with "&": aria2 1.36 gives such a file the name "x &#38; y".
        let names = ["<tag>", "quote\"s'", "d/ümlaut", "100 %41"]
        for (number, name) in names.enumerated() {
            try Files.write(noise(70_000 + number, seed: UInt64(number + 1)), to: "\(folder)/\(name)")
        }
        let manifest = try await scene.sign(folder, ["--chunk-size", "64KiB"])
        let worker = try await scene.worker(root: scene.path("work"))
        let curl = ["-sS", "--fail", "--cacert", scene.certificates.authority]
        let metalink = scene.path("odd.meta4")
        try await scene.must(
            .system("curl"),
            curl + ["-o", metalink, worker.url + "manifests/odd.meta4"],
            by: .stranger
        )
        let place = scene.path("by-aria2c")
        let ended = try await download("aria2c", metalink, place)
        #expect(ended.code == 0, "\(ended.text)\(ended.errors)")
        #expect(try await scene.areSame(folder, place + "/odd"), "\(ended.text)")
        // Each of the files has two chunks: their digests as a whole are not in the manifest.
        let checksums = try await scene.run(
            .system("curl"),
            curl + [worker.url + "manifests/odd.sha256"],
            by: .stranger
        )
        #expect(checksums.code == 22)
        let list = scene.path("odd.sha256")
        try await export(manifest, "sha256sums", ["--from", folder, "-o", list]).succeeded()
        try await scene.must(.system("sha256sum"), ["-c", "--strict", list], by: .stranger, in: place)
        try Files.patch(place + "/odd/<tag>", at: 5, with: [1, 2, 3])
        let refused = try await scene.run(.system("sha256sum"), ["-c", "--strict", list], by: .stranger, in: place)
        #expect(refused.code == 1)
    }

    @Test func `sha256sums from the worker, for sha256sum -c`() async throws {
        let published = try await scene.publish(noise(5_000_000), ["--file-digest"])
        let worker = try await scene.worker(root: published.root)
        let url = worker.url + "manifests/data.bin.sha256"
        let curl = ["-sS", "--fail", "--cacert", scene.certificates.authority, "-o", scene.path("sums"), url]
        try await scene.must(.system("curl"), curl, by: .stranger)
        try await scene.must(
            .system("sha256sum"),
            ["-c", "--strict", scene.path("sums")],
            by: .stranger,
            in: published.root
        )
        let exported = try await export(published.manifest, "sha256sums").succeeded()
        #expect(exported.output == (try Files.read(scene.path("sums"))))
    }

    @Test func `What cannot be exported`() async throws {
        let published = try await scene.publish(noise(5_000_000))
        try await export(published.manifest, "sha512").failed(64, saying: "format")
        try await export(published.manifest, "sha256sums", ["--files-at", "https://a/"]).failed(64, saying: "metalink4")
        try await export(published.manifest, "metalink4", ["--files-at", "http://a/"]).failed(64, saying: "https")
        try Files.patch(published.file, at: 9, with: [1, 2])
        try await export(published.manifest, "sha256sums").failed(65, saying: "not what the manifest lists")
        try Files.remove(published.file)
        try await export(published.manifest, "sha256sums").failed(64, saying: "is not there")
        try await export(published.manifest, "metalink4").succeeded()
    }
}
