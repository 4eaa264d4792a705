import TestSupport
import Testing

/// What a process may have is limited: by ulimit here, as a container or a login does it.
@Suite("Few descriptors, little memory", .withoutSanitizer("it needs terabytes of addresses, and descriptors"))
struct LimitTests {
    private struct Setting {
        let scene: Scene
        let published: Published
        let worker: Worker
    }

    private func setting() async throws -> Setting {
        let scene = try await Scene()
        let published = try await scene.publish(noise(300_000), chunkSize: 65_536)
        return Setting(scene: scene, published: published, worker: try await scene.worker(root: published.root))
    }

    /// Runs a program under limits, as `ulimit` takes them.
    private func limited(
        _ setting: Setting,
        _ limits: String,
        _ program: Program,
        _ arguments: [String]
    ) async throws -> Ended {
        // What a test inherits from its runner is none of the program's.
        let close = "for f in /proc/self/fd/*; do n=${f##*/}; [ $n -gt 2 ] && eval \"exec $n>&-\"; done; "
        let script = close + "ulimit \(limits) && exec \"$0\" \"$@\""
        return try await setting.scene.run(.system("bash"), ["-c", script, program.path] + arguments, by: .reader)
    }

    /// Done, or refused in words: never ended by a signal.
    private func expectWords(_ ended: Ended, naming limit: String) throws {
        if ended.code != 0 { try refused(ended, naming: limit) }
    }

    private func refused(_ ended: Ended, naming limit: String) throws {
        let told = try ended.failed([74], saying: ["cannot"])
        #expect(told.hint.contains(limit), "\(ended.errors)")
    }

    @Test func `Too few descriptors for a connection are told before anything is fetched`() async throws {
        let setting = try await setting()
        let get = ["get", setting.published.manifest, "-o", setting.scene.path("copy"), "--server", setting.worker.url]
        let options = try await setting.scene.acceptance()
        try refused(try await limited(setting, "-n 12", .secure, get + options), naming: "ulimit -n")
        #expect(!Files.exists(setting.scene.path("copy.fdl-part")))
        let fetched = ["get", setting.worker.url + "manifests/data.bin.json", "-o", setting.scene.path("copy")]
        try refused(try await limited(setting, "-n 12", .secure, fetched + options), naming: "ulimit -n")
        // Room for one loop and few connections is enough.
        let ended = try await limited(setting, "-n 40", .secure, get + options)
        #expect(ended.code == 0, "\(ended.errors)")
    }

    @Test func `A worker that cannot have its descriptors or its memory says so`() async throws {
        let setting = try await setting()
        let arguments = ["--cert", setting.scene.certificates.server, "--root", setting.published.root]
        let listen = arguments + ["--listen", "127.0.0.1:0"]
        try refused(try await limited(setting, "-n 12", .server, listen), naming: "ulimit -n")
        try refused(try await limited(setting, "-v 120000", .server, listen), naming: "ulimit -v")
    }

    @Test(arguments: ["-n 12", "-n 8", "-v 600000", "-v 200000", "-v 100000"])
    func `Signing and verifying work or end in words`(limits: String) async throws {
        let setting = try await setting()
        let word = limits.hasPrefix("-n") ? "ulimit -n" : "ulimit -v"
        let key = try await setting.scene.publisherKey().replacingSuffix(".pub", with: ".key")
        let file = setting.published.file
        try expectWords(try await limited(setting, limits, .sign, ["manifest", file, "--key", key]), naming: word)
        let verify = ["verify", setting.published.manifest, file, "--publisher-key"]
        let publisher = try await setting.scene.publisherKey()
        try expectWords(try await limited(setting, limits, .secure, verify + [publisher]), naming: word)
    }

    @Test(arguments: ["600000", "300000", "150000", "100000"])
    func `Little memory ends a download in words, if it ends it`(memory: String) async throws {
        let setting = try await setting()
        let output = setting.scene.path("copy")
        let get = ["get", setting.published.manifest, "-o", output, "--server", setting.worker.url]
        let options = try await setting.scene.acceptance()
        let ended = try await limited(setting, "-v \(memory)", .secure, get + options)
        try expectWords(ended, naming: "ulimit -v")
        if ended.code == 0 { #expect(try Files.hold(output, setting.published.bytes)) }
        #expect(memory != "600000" || ended.code == 0, "\(ended.errors)")
    }
}
