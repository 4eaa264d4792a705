import TestSupport
import Testing

@Suite("Secrets where people have them")
struct SecretPlaceTests {
    private let scene: Scene

    init() async throws {
        scene = try await Scene()
    }

    /// Runs a line of shell with the programs on its path.
    private func shell(_ line: String, by person: Scene.Person = .publisher) async throws -> Ended {
        try await scene.run(.system("bash"), ["-c", "PATH=\(Program.directory):$PATH; " + line], by: person)
    }

    private func verifies(_ manifest: String, with key: String) async throws {
        try await scene.must(.secure, ["inspect", manifest, "--publisher-key", key], by: .stranger)
    }

    @Test(arguments: [
        "--key - --passphrase-file pass < own.key", "--key /dev/stdin --passphrase-file pass < own.key",
        "--key <(cat own.key) --passphrase-file <(cat pass)", "--key fd:7 --passphrase-file fd:8 7<own.key 8<pass",
        "--key own.key --passphrase-file - < pass", "--key own.key --passphrase-file fd:3 3< <(cat pass)",
        "--key own.key --passphrase-file env:SECRET",
    ])
    func `A key and a passphrase come by whatever way`(way: String) async throws {
        try await shell("printf 'open sesame\\n' > pass; fdl-sign keygen -o own --passphrase-file pass").succeeded()
        try await shell("echo hello > x; export SECRET='open sesame'; fdl-sign manifest x \(way)").succeeded()
        try await verifies(
            scene.home(of: .publisher) + "/x.manifest.json",
            with: scene.home(of: .publisher) + "/own.pub"
        )
    }

    @Test func `A key in a variable, and what is wrong with such places`() async throws {
        try await shell("fdl-sign keygen -o own").succeeded()
        try await shell("echo hello > x; KEY=$(cat own.key) fdl-sign manifest x --key env:KEY").succeeded()
        try await verifies(
            scene.home(of: .publisher) + "/x.manifest.json",
            with: scene.home(of: .publisher) + "/own.pub"
        )
        try await shell("fdl-sign manifest x --key env:NONE").failed(78, saying: "the variable NONE")
        try await shell("fdl-sign manifest x --key fd:9").failed(78, saying: "descriptor 9")
        try await shell("fdl-sign manifest x --key - < /dev/null").failed(78, saying: "standard input", "a secret key")
        let shown = try await shell("KEY=geheim fdl-sign manifest x --key env:KEY")
        try shown.failed(78)
        #expect(!shown.errors.contains("geheim"))
    }

    @Test func `minisign's own keys sign, with a passphrase and without, and minisign verifies`() async throws {
        try await shell("minisign -G -W -p plain.pub -s plain.key >/dev/null").succeeded()
        try await shell("printf 'pw\\npw\\n' | minisign -G -p sealed.pub -s sealed.key >/dev/null").succeeded()
        try await shell("echo hello > x; fdl-sign manifest x -o 1.json --key plain.key").succeeded()
        try await shell("minisign -Vm 1.json -p plain.pub").succeeded()
        try await shell("printf 'pw' | fdl-sign manifest x -o 2.json --key sealed.key --passphrase-file -").succeeded()
        try await shell("minisign -Vm 2.json -p sealed.pub").succeeded()
        try await verifies(scene.home(of: .publisher) + "/2.json", with: scene.home(of: .publisher) + "/sealed.pub")
        try await shell("printf 'no' | fdl-sign manifest x -o 3.json --key sealed.key --passphrase-file -")
            .failed(78, saying: "does not open with the passphrase")
        try await shell("fdl-sign manifest x -o 3.json --key sealed.key").failed(78, saying: "no passphrase was given")
        try await shell("head -c 150 sealed.key > cut.key; fdl-sign manifest x -o 3.json --key cut.key")
            .failed(78, saying: "no whole secret key")
    }

    @Test func `At a terminal the passphrase is asked for and not shown; Ctrl-C leaves the terminal as it was`()
        async throws
    {
        try await shell("printf 'open sesame\\n' > pass; fdl-sign keygen -o own --passphrase-file pass").succeeded()
        try Files.write([1], to: scene.home(of: .publisher) + "/x")
        let script = "fdl-sign manifest x --key own.key; echo ended $?; stty -a | grep -o -- '.echo\\b'; sleep 1000"
        func start() async throws -> TerminalSession {
            let line = "PATH=\(Program.directory):$PATH; " + script
            let session = try await TerminalSession.start(.system("bash"), ["-c", line], in: scene, by: .publisher)
            try await session.until("it asks") { $0.joined().contains("passphrase of own.key:") }
            return session
        }
        let right = try await start()
        try await right.type("open sesame", "Enter")
        let lines = try await right.until("it signs") { $0.contains("ended 0") }
        #expect(!lines.joined().contains("sesame"))
        let left = try await start()
        try await left.type("open", "C-c")
        let after = try await left.until("it ends") { lines in lines.contains { $0.hasPrefix("ended 78") } }
        #expect(!after.joined().contains("-echo"))
    }

    @Test func `A manifest and its signature come by pipes, and a stream is checked`() async throws {
        let published = try await scene.publish(noise(300_000), chunkSize: 1 << 16)
        let key = try await scene.publisherKey()
        let (manifest, file) = (published.manifest, published.file)
        let named = "--publisher-key \(key)"
        for way in [
            "- --signature \(manifest).minisig < \(manifest)",
            "<(cat \(manifest)) --signature <(cat \(manifest).minisig)",
            "\(manifest) --signature - < \(manifest).minisig",
        ] {
            let line = way.replacing("--signature", with: "\(file) --signature")
            let ended = try await shell("fdl-secure verify \(line) \(named)", by: .reader)
            #expect(ended.code == 0, "\(way)\n\(ended.errors)")
        }
        try await shell("cat \(file) | fdl-secure verify \(manifest) - \(named)", by: .reader).succeeded()
        try await shell("(cat \(file); echo) | fdl-secure verify \(manifest) - \(named)", by: .reader)
            .failed(65, saying: "has 300001 bytes instead of 300000")
        try await shell("head -c 200000 \(file) | fdl-secure verify \(manifest) - \(named)", by: .reader)
            .failed(65, saying: "has 200000 bytes")
        try Files.patch(file, at: 70_000, with: [published.bytes[70_000] ^ 1])
        try await shell("cat \(file) | fdl-secure verify \(manifest) - \(named)", by: .reader)
            .failed(65, saying: "standard input", "damaged in 1 chunk")
        try await shell("fdl-secure verify - - \(named)", by: .reader).failed(64)
        try await shell("fdl-secure verify - x \(named) < \(manifest)", by: .reader).failed(65, saying: "no signature")
    }
}

@Suite("A key in an SSH agent")
struct AgentTests {
    private let scene: Scene

    init() async throws {
        scene = try await Scene()
    }

    @Test func `ssh-agent signs, and minisign verifies`() async throws {
        let home = scene.home(of: .publisher)
        let socket = scene.path("agent")
        let agent = try scene.start(.system("ssh-agent"), ["-D", "-a", socket], by: .publisher)
        _ = try await agent.until("it listens") { Files.exists(socket) ? true : nil }
        func shell(_ line: String) async throws -> Ended {
            let line = "PATH=\(Program.directory):$PATH; export SSH_AUTH_SOCK=\(socket); " + line
            return try await scene.run(.system("bash"), ["-c", line], by: .publisher)
        }
        try await shell("echo hello > x; fdl-sign manifest x --key agent:").failed(78, saying: "holds no Ed25519 key")
        for (name, type) in [("one", "ed25519"), ("two", "ed25519"), ("three", "ecdsa")] {
            try await shell("ssh-keygen -q -t \(type) -N '' -C \(name)@host -f \(name); ssh-add -q \(name)").succeeded()
        }
        try await shell("fdl-sign keygen --from agent:one@host -o mine").succeeded()
        try await shell("fdl-sign manifest x -o 1.json --key agent:one@host").succeeded()
        try await shell("minisign -Vm 1.json -p mine.pub").succeeded()
        try await scene.must(
            .secure,
            ["inspect", home + "/1.json", "--publisher-key", home + "/mine.pub"],
            by: .reader
        )
        let print = "fdl-sign manifest x -o 2.json --key agent:$(ssh-keygen -lf two.pub | cut -d' ' -f2)"
        try await shell(print).succeeded()
        try await shell("fdl-sign manifest x --key agent:").failed(
            78,
            saying: "several are meant",
            "one@host",
            "two@host"
        )
        try await shell("fdl-sign manifest x --key agent:four").failed(78, saying: "none of that name")
        try await shell("SSH_AUTH_SOCK= fdl-sign manifest x --key agent:one@host").failed(78, saying: "SSH_AUTH_SOCK")
        try await shell("ssh-add -qD; fdl-sign manifest x --key agent:one@host").failed(78)
    }
}
