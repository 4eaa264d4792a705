import FoundationEssentials
import TestSupport
import Testing

@Suite("From the field: the publisher at work")
struct SignerFieldTests {
    /// A race that every pair of files has.
    @Test func `While the publisher signs, readers are told of a forgery`() async throws {
        let scene = try await Scene()
        let root = scene.path("published")
        let file = root + "/a.bin"
        try Files.write(Array("x".utf8), to: file)
        let key = try await scene.publisherKey().replacingSuffix(".pub", with: ".key")
        let first = Int(Date().timeIntervalSince1970) - 100_000
        let manifest = try await scene.sign(file, ["--version", "\(first)"])
        let worker = try await scene.worker(root: root)
        try await scene.until(worker, serves: "a.bin.json", asIn: manifest)
        let before = try Files.read(manifest)
        let script = """
            version=$1
            shift
            until [ -e stop ]; do
                version=$((version + 1))
                "$@" --version $version >/dev/null 2>last.err || { echo "$?" >failed; exit 1; }
            done
            """
        let sign = [Program.sign.path, "manifest", file, "--key", key]
        let signing = try scene.startShell(script, ["\(first)"] + sign, by: .publisher)
        for number in 0..<60 {
            let url = worker.url + "manifests/a.bin.json"
            let result = try await scene.get(url, to: scene.path("copy \(number)"), from: [])
            #expect(result.code == 0, "round \(number): \(result.ended.errors)")
        }
        try Files.write([], to: scene.home(of: .publisher) + "/stop")
        #expect(try await signing.wait().code == 0)
        #expect(try Files.read(manifest) != before, "it was never signed again")
    }

    /// The calls by which files get their bytes and their names; with and without files that have no name at first.
    @Test(arguments: ["pwrite64", "fsync", "linkat", "renameat2", "rename", "unlink"], [true, false])
    func `Killed while it makes a key and signs, it leaves half of them for ever`(
        call: String,
        hasUnnamedFiles: Bool
    ) async throws {
        let scene = try await Scene()
        let file = scene.path("published/a.bin")
        try Files.write(noise(1_000), to: file)
        let manifest = file + ".manifest.json"
        let home = scene.home(of: .publisher)
        let sign = [Program.sign.path, "manifest", file]
        for count in 1...4 {
            for place in [home + "/config", manifest, manifest + ".minisig"] { try? Files.remove(place) }
            let log = scene.path("strace.log")
            var strace = ["-f", "-qq", "-o", log, "-e", "trace=openat,\(call)"]
            strace += ["-e", "inject=\(call):signal=KILL:when=\(count)"]
            // What has no name cannot get one then, and has one of its own from the beginning.
            if !hasUnnamedFiles { strace += ["-e", "inject=linkat:error=EOPNOTSUPP"] }
            _ = try await scene.run(.system("strace"), strace + sign, by: .publisher)
            let again = try await scene.run(.sign, ["manifest", file], by: .publisher)
            #expect(again.code == 0, "\(call) \(count): \(again.errors)")
            let keys = try Files.list(home + "/config/fdl")
            #expect(keys == ["publisher.key", "publisher.pub"], "\(call) \(count)")
            let names = ["a.bin", "a.bin.manifest.json", "a.bin.manifest.json.minisig"]
            #expect(try Files.list(scene.path("published")) == names, "\(call) \(count)")
            let key = ["--publisher-key", home + "/config/fdl/publisher.pub"]
            let verified = try await scene.run(.secure, ["verify", manifest, file] + key, by: .reader)
            #expect(verified.code == 0, "\(call) \(count): \(verified.errors)")
        }
    }

    enum Limit: String, CaseIterable, Sendable {
        case memory = "ulimit -v 600000"
        case descriptors = "ulimit -n 12"
        case fewDescriptors = "ulimit -n 6"
    }

    private func expectMessage(_ ended: Ended, _ limit: Limit) {
        #expect(ended.code < 128, "\(limit): \(ended.command) ended by a signal\n\(ended.errors)")
        #expect(ended.code == 0 || ended.errors.contains("error: "), "\(limit): no message\n\(ended.errors)")
        #expect(!ended.errors.contains("Fatal error"), "\(limit): \(ended.errors)")
    }

    @Test(.withoutSanitizer("it needs terabytes of addresses, and descriptors"), arguments: Limit.allCases)
    func `With little memory or few descriptors the programs crash`(limit: Limit) async throws {
        let scene = try await Scene()
        let offer = try await scene.offer(noise(1_000_000))
        let key = try await scene.publisherKey().replacingSuffix(".pub", with: ".key")
        let script = "\(limit.rawValue); exec \"$@\""
        let sign = [Program.sign.path, "manifest", offer.original, "-o", scene.path("out.json"), "--key", key]
        expectMessage(try await scene.shell(script, sign), limit)
        let output = scene.path("copy")
        let got = try await scene.shell(script, scene.getCommand(offer, to: output))
        expectMessage(got, limit)
        if Files.exists(output) { #expect(try await scene.isRight(output, offer)) }
        let serve = [
            Program.server.path, "--cert", scene.certificates.server, "--root", scene.path("published"),
            "--listen", "127.0.0.1:0",
        ]
        let server = try scene.startShell(script, serve, by: .publisher)
        try await eventually("the worker listens or gives up") {
            server.isRunning && !String(decoding: server.output, as: UTF8.self).contains("listening") ? nil : ()
        }
        server.signal(15)
        expectMessage(try await server.wait(), limit)
    }
}
