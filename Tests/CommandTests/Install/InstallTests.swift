import FDLCore
import Glibc
import TestSupport
import Testing

@Suite("tools/install")
struct InstallTests {
    private let scene: Scene
    private let prefix: String

    init() async throws {
        scene = try await Scene()
        prefix = scene.path("prefix")
    }

    /// Installs the programs as they were built for the tests, of a day that is not today.
    private func install(
        _ options: String...,
        umask: String = "022",
        environment: [String: String] = [:]
    ) async throws -> Ended {
        let command = #"umask "$1"; shift; exec "$@""#
        let words = ["-c", command, "sh", umask, Program.tool("install").path, "--bin", Program.directory]
        let variables = ["SOURCE_DATE_EPOCH": "1700000000"].merging(environment) { $1 }
        return try await scene.start(.system("sh"), words + options, by: .reader, environment: variables).wait()
    }

    /// What lies in a directory: permissions, kind and path of each.
    private func contents(_ directory: String) async throws -> [String] {
        let command = [directory, "-mindepth", "1", "-printf", "%m %y %P\n"]
        let found = try await scene.must(.system("find"), command, by: .stranger)
        return found.text.split(separator: "\n").map(String.init).sorted()
    }

    private static let wanted = [
        "755 f bin/fdl-sign", "755 f bin/fdl-secure", "755 f bin/fdl-secure-server",
        "644 f share/man/man1/fdl-secure.1", "644 f share/man/man1/fdl-secure-get.1",
        "644 f share/man/man1/fdl-sign-publisher-add-key.1", "644 f share/man/man1/fdl-secure-server.1",
        "644 f share/bash-completion/completions/fdl-secure", "644 f share/zsh/site-functions/_fdl-sign",
        "644 f share/fish/vendor_completions.d/fdl-secure-server.fish",
        "644 f lib/systemd/system/fdl-secure-server.service", "644 f lib/systemd/system/fdl-secure-server.socket",
        "644 f lib/sysusers.d/fdl.conf", "644 f share/doc/fdl/README.md", "644 f share/doc/fdl/LICENSE",
        "644 f share/doc/fdl/copyright", "644 f share/doc/fdl/server.json",
    ]

    @Test func `Everybody can use what was installed, and nothing of it is left when it goes`() async throws {
        let said = try await install("--prefix", prefix, umask: "077").succeeded().text
        #expect(said.contains("installed fdl 0."), "\(said)")
        #expect(said.contains("export PATH=\(prefix)/bin:$PATH"), "\(said)")
        let found = try await contents(prefix)
        #expect(found.allSatisfy { $0.hasPrefix("755 ") || $0.hasPrefix("644 f ") }, "\(found)")
        #expect(Self.wanted.filter { !found.contains($0) } == [])
        let version = try await scene.must(.system(prefix + "/bin/fdl-secure"), ["--version"], by: .reader).text
        #expect(version.hasPrefix("fdl-secure 0."))
        let unit = try Files.read(prefix + "/lib/systemd/system/fdl-secure-server.service")
        #expect(String(decoding: unit, as: UTF8.self).contains("\nExecStart=\(prefix)/bin/fdl-secure-server "))

        // What an earlier version had goes with the next one; what is the person's own stays.
        let (list, kept) = (prefix + "/share/doc/fdl/installed", scene.home(of: .reader) + "/kept")
        try Files.write(Array("old\n".utf8), to: prefix + "/share/man/man1/fdl-old.1")
        try Files.write(Array("mine\n".utf8), to: prefix + "/bin/mine")
        try Files.write(Array("mine\n".utf8), to: kept)
        try Files.write(Files.read(list) + Array("share/man/man1/fdl-old.1\n../reader/kept\n".utf8), to: list)
        try await install("--prefix", prefix + "/", umask: "000").succeeded()
        #expect(try await contents(prefix).filter { !$0.hasSuffix(" bin/mine") } == found)
        try await install("--uninstall", "--prefix", prefix).succeeded()
        #expect(try await contents(prefix).map { $0.dropFirst(4) } == ["f bin/mine", "d bin"])
        #expect(Files.exists(kept))
    }

    @Test func `Without a prefix it goes into the person's own place, and is known to the shells there`() async throws {
        let home = scene.home(of: .reader)
        // Root's own place is everybody's: not for a test.
        try await (geteuid() == 0 ? install("--prefix", home + "/.local") : install()).succeeded()
        let share = home + "/.local/share"
        // Each shell has to have read the file by itself and to offer what is in it.
        let bash = """
            source \(share)/bash-completion/completions/fdl-secure; complete -p fdl-secure
            """
        #expect(try await scene.must(.system("bash"), ["-c", bash], by: .reader).text.contains("-F _fdl"))
        let zsh = """
            fpath=(\(share)/zsh/site-functions $fpath); autoload -U compinit; compinit -u -d \(home)/dump
            print ${_comps[fdl-secure]}; autoload +X _fdl-secure && print loaded
            """
        #expect(try await scene.must(.system("zsh"), ["-fc", zsh], by: .reader).text == "_fdl-secure\nloaded\n")
        // fish completes what it finds.
        let fish = "set -x PATH \(home)/.local/bin $PATH; complete -C 'fdl-secure ins'"
        #expect(try await scene.must(.system("fish"), ["-c", fish], by: .reader).text.hasPrefix("inspect"))
    }

    @Test func `Below another root nothing knows of that root`() async throws {
        let image = scene.path("image")
        try await install("--destdir", image + "/", "--prefix", "/usr").succeeded()
        let found = try await contents(image + "/usr")
        #expect(Self.wanted.filter { !found.contains($0) } == [])
        let unit = try Files.read(image + "/usr/lib/systemd/system/fdl-secure-server.service")
        #expect(String(decoding: unit, as: UTF8.self).contains("\nExecStart=/usr/bin/fdl-secure-server "))
        #expect(try await scene.run(.system("grep"), ["-rIlF", image, image], by: .reader).code == 1)
    }

    @Test func `The packages are of the version that the programs say`() throws {
        let changelog = String(decoding: try Files.read(Program.packaged("debian/changelog")), as: UTF8.self)
        #expect(changelog.hasPrefix("fdl (\(Product.version)) "))
    }

    @Test func `What cannot be done is refused in a sentence`() async throws {
        try Files.write(Array("file\n".utf8), to: scene.path("file"))
        let file = scene.path("file")
        try await install("--prefix").failed(64, saying: "--prefix needs a value")
        try await install("--everywhere").failed(64, saying: "--everywhere")
        try await install("--bin", scene.path("absent")).failed(64, saying: "absent")
        try await install("--prefix", prefix, "--bin", scene.path("")).failed(78, saying: "fdl-sign")
        try await install("--prefix", file + "/below").failed(73, saying: file)
        try await install("--prefix", prefix + "/a b").failed(64, saying: "a b")
        try await install("--uninstall", "--prefix", prefix).failed(64, saying: "nothing of fdl")
        #expect(!Files.exists(prefix))
    }
}
