import Glibc
import TestSupport
import Testing

@Suite("From the field: homes, states and names")
struct HomeFieldTests {
    private let scene: Scene

    init() async throws {
        scene = try await Scene()
    }

    @Test(arguments: ["XDG_CONFIG_HOME", "XDG_STATE_HOME"])
    func `A relative directory for keys or states scatters them over the disk`(variable: String) async throws {
        let offer = try await scene.offer(noise(1_000))
        let place = scene.home(of: .reader)
        let before = try Files.list(place)
        let command =
            variable == "XDG_CONFIG_HOME"
            ? [Program.sign.path, "manifest", offer.original, "-o", scene.path("out.json")]
            : try await scene.getCommand(offer, to: scene.path("copy"))
        let ended = try await scene.shell("exec \"$@\"", command, environment: [variable: "relative"])
        try ended.failed([64, 78], saying: [variable])
        #expect(try Files.list(place) == before)
    }

    @Test func `The state cannot be written, and there is no way to download without it`() async throws {
        let offer = try await scene.offer(noise(100_000))
        let locked = scene.path("locked")
        try Files.makeDirectory(locked)
        #expect(chmod(locked, 0o555) == 0)
        let output = scene.path("copy")
        let environment = ["XDG_STATE_HOME": locked + "/state"]
        let command = try await scene.getCommand(offer, to: output)
        let refused = GetResult(try await scene.shell("exec \"$@\"", command, environment: environment))
        // Root writes wherever it likes.
        if getuid() != 0 {
            let failed = try refused.failed(73, 74, 78, saying: locked)
            #expect(failed.hint?.contains("--no-state") == true, "\(failed.hint ?? "-")")
            #expect(!Files.exists(output))
        }
        let ended = try await scene.shell("exec \"$@\"", command + ["--no-state"], environment: environment)
        _ = try GetResult(ended).done()
        #expect(try await scene.isRight(output, offer))
        let said = ended.text + ended.errors
        #expect(said.count(of: "rollback") == 1, "it does not say what is lost:\n\(said)")
        #expect(try Files.list(locked) == [])
    }

    @Test func `A key made in a cron job goes unnoticed until no reader knows it`() async throws {
        let file = scene.path("data")
        try Files.write(noise(1_000), to: file)
        let ended = try await scene.run(.sign, ["manifest", file], by: .stranger)
        #expect(ended.code == 0)
        #expect(ended.errors.contains("key"), "nothing is said of a new key:\n\(ended.errors)")
        #expect(ended.errors.contains("reader"), "it is not said what a new key means:\n\(ended.errors)")
        let again = try await scene.run(.sign, ["manifest", file, "-o", scene.path("again.json")], by: .stranger)
        #expect(again.code == 0)
        #expect(!again.errors.contains("reader"), "the key is announced although it is known:\n\(again.errors)")
    }

    /// "café" in Latin-1, which is not UTF-8, made by the shell: no string of ours can hold it.
    private static let latin = "name=$(printf 'caf\\351')"

    @Test(.reported(as: "UtrechtUniversity/yoda-portal#355"))
    func `A name that is not UTF-8 becomes another name`() async throws {
        let offer = try await scene.offer(noise(100_000))
        let out = scene.path("out")
        try Files.makeDirectory(out)
        let command = try await scene.getCommand(offer, to: out + "/")
        // The argument after -o gets the name behind it.
        let script = """
            \(Self.latin)
            arguments=()
            for argument; do
                if [ "$argument" = "$out/" ]; then argument=$out/$name; fi
                arguments+=("$argument")
            done
            "${arguments[@]}"
            code=$?
            if [ $code = 0 ]; then cmp "$original" "$out/$name" || exit 1; rm "$out/$name"; fi
            exit $code
            """
        let ended = try await scene.shell(script, command, environment: ["out": out, "original": offer.original])
        #expect([0, 64].contains(ended.code), "ended with \(ended.code)\n\(ended.errors)")
        #expect(try await names(in: out) == "", "something has another name")
    }

    @Test(.reported(as: "UtrechtUniversity/yoda-portal#355"), arguments: ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"])
    func `A home that is not UTF-8 becomes another home`(variable: String) async throws {
        let offer = try await scene.offer(noise(100_000))
        let place = scene.path("place")
        try Files.makeDirectory(place)
        let command = try await scene.getCommand(offer, to: scene.path("copy"))
        let unset = variable == "HOME" ? "unset XDG_CONFIG_HOME XDG_STATE_HOME" : ":"
        let script = """
            \(Self.latin)
            mkdir "$place/$name"
            \(unset)
            export \(variable)="$place/$name"
            "$sign" manifest "$original" -o "$place/../signed.json" >&2
            echo $? >"$place/../sign.code"
            "$@"
            code=$?
            rm -r "$place/$name"
            exit $code
            """
        let environment = ["place": place, "original": offer.original, "sign": Program.sign.path]
        let ended = try await scene.shell(script, command, environment: environment)
        #expect([0, 64].contains(ended.code), "get ended with \(ended.code)\n\(ended.errors)")
        let signed = String(decoding: try Files.read(scene.path("sign.code")), as: UTF8.self)
        #expect(["0\n", "64\n"].contains(signed), "fdl-sign ended with \(signed)\(ended.errors)")
        #expect(try await names(in: place) == "", "something was made under another name")
    }

    /// What lies in a directory, by a program for which names are bytes.
    private func names(in directory: String) async throws -> String {
        try await scene.must(.system("ls"), ["-A", "-b", directory], by: .stranger).text
    }

    @Test func `A name as long as the file system takes leaves no room for the temporary one`() async throws {
        let offer = try await scene.offer(noise(100_000))
        let long = String(repeating: "f", count: 255)
        let tree = try await scene.offer(folder: [long: noise(70_000, seed: 2), "x": noise(10)])
        let output = scene.path(String(repeating: "n", count: 255))
        for (offer, options) in [(offer, []), (offer, ["--force"])] {
            _ = try await scene.get(offer, to: output, options).done()
            #expect(try await scene.isRight(output, offer))
        }
        try Files.remove(output)
        _ = try await scene.get(tree, to: output).done()
        #expect(try await scene.isRight(output, tree))
    }

    @Test func `A manifest with a name as long as that cannot be written`() async throws {
        let file = scene.path("data")
        try Files.write(noise(1_000), to: file)
        // The signature's name is longer by its suffix, and is the one that has to fit.
        let suffix = ".minisig"
        let name = String(repeating: "m", count: 255 - suffix.utf8.count)
        for _ in 0..<2 {
            let manifest = try await scene.sign(file, manifest: scene.path(name))
            #expect(Files.exists(manifest + suffix))
        }
    }
}
