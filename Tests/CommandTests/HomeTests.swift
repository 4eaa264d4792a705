import Glibc
import TestSupport
import Testing

@Suite("Homes and states")
struct HomeTests {
    private let scene: Scene

    init() async throws {
        scene = try await Scene()
        try Files.write(noise(1000), to: scene.path("root/input.bin"))
    }

    /// Runs a program with these variables and no others of HOME and XDG_*.
    private func run(
        _ program: Program,
        _ arguments: [String],
        _ variables: [String] = [],
        without names: [String] = ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"]
    ) async throws -> Ended {
        let changes = names.flatMap { ["-u", $0] } + variables
        return try await scene.run(.system("env"), changes + [program.path] + arguments, by: .publisher)
    }

    private var sign: [String] { ["manifest", scene.path("root/input.bin"), "-o", scene.path("m.json")] }

    @Test(arguments: [
        ("HOME=/", "XDG_CONFIG_HOME"), ("HOME=relative", "HOME is"), ("HOME=/none/such", "/none/such"),
        ("HOME=/dev/null", "/dev/null"), ("XDG_CONFIG_HOME=relative", "XDG_CONFIG_HOME is"),
    ])
    func `No key is made where it would be lost`(variable: String, said: String) async throws {
        let ended = try await run(.sign, sign, [variable])
        let report = try ended.failed([78], saying: [])
        #expect((report.message + report.hint).contains(said), "\(ended.errors)")
        #expect(report.hint.contains("XDG_CONFIG_HOME"))
        #expect(!Files.exists("/.config"))
        #expect(!Files.exists(scene.path("m.json")))
        try await run(.sign, ["keygen"], [variable]).failed([78], saying: [])
        try await run(.secure, ["trust", "list"], [variable]).failed([78], saying: [])
    }

    @Test func `A key that nobody asked for is announced on standard error`() async throws {
        let ended = try await run(.sign, sign, ["HOME=" + scene.path("root")])
        #expect(ended.code == 0, "\(ended.errors)")
        #expect(Files.exists(scene.path("root/.config/fdl/publisher.key")))
        #expect(ended.errors.contains("no reader knows yet: " + scene.path("root/.config/fdl/publisher.key")))
        let again = try await run(.sign, sign, ["HOME=" + scene.path("root")])
        #expect(!again.errors.contains("new key"))
    }

    @Test func `Who names the key and gives up the state needs no home`() async throws {
        let published = try await scene.publish(noise(100_000), chunkSize: 65_536)
        let key = try await scene.publisherKey()
        let arguments = ["verify", published.manifest, published.file, "--publisher-key", key]
        let home = ["HOME=/"]
        let ended = try await run(.secure, arguments, home)
        let report = try ended.failed([78], saying: [])
        #expect(report.hint.contains("XDG_STATE_HOME") && report.hint.contains("--no-state"))
        let without = try await run(.secure, arguments + ["--no-state"], home)
        #expect(without.code == 0, "\(without.errors)")
        #expect(without.errors.count(of: "rollback protection is off") == 1)
        let json = try await run(.secure, arguments + ["--no-state", "--json"], home)
        #expect(json.text.hasPrefix(#"{"event":"warning","message":"rollback protection is off"#))
    }

    @Test func `A state that cannot be written: refused, and with --no-state it goes on`() async throws {
        let published = try await scene.publish(noise(100_000), chunkSize: 65_536)
        let worker = try await scene.worker(root: published.root)
        // No directory can be made there, whoever asks.
        let state = "XDG_STATE_HOME=/proc/self/none"
        let arguments =
            try await ["get", published.manifest, "-o", scene.path("copy"), "--server", worker.url]
            + scene.acceptance()
        let refused = try await run(.secure, arguments, [state], without: [])
        #expect(try refused.failed([78], saying: ["/proc/self/none"]).hint.contains("--no-state"))
        let done = try await run(.secure, arguments + ["--no-state"], [state], without: [])
        #expect(done.code == 0, "\(done.errors)")
        #expect(done.errors.count(of: "rollback protection is off") == 1)
        #expect(try Files.hold(scene.path("copy"), published.bytes))
    }

    @Test func `Names that are not UTF-8 are refused, and no other name is made`() async throws {
        let script = """
            mkdir out; odd=out/$(printf 'caf\\351')
            "$0" manifest "$IN" -o "$odd"; echo "$?"
            HOME=/tmp/$(printf 'caf\\351') XDG_CONFIG_HOME= "$0" manifest "$IN" -o out/m.json; echo "$?"
            XDG_CONFIG_HOME=/tmp/$(printf 'caf\\351') "$0" manifest "$IN" -o out/m.json; echo "$?"
            "$GET" get "$odd" -o out/copy; echo "$?"
            "$GET" get x.json "--output=$odd"; echo "$?"
            "$SERVER" --root "$odd" --cert c; echo "$?"
            ls out
            """
        let ended = try await scene.start(
            .system("sh"),
            ["-c", script, Program.sign.path],
            by: .stranger,
            environment: [
                "IN": scene.path("root/input.bin"), "GET": Program.secure.path, "SERVER": Program.server.path,
            ]
        ).wait()
        #expect(ended.text == String(repeating: "64\n", count: 6), "\(ended.errors)")
        #expect(ended.errors.count(of: "caf\\xe9") == 6, "\(ended.errors)")
    }
}
