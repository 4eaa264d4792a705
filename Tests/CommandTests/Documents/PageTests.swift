import FDLCore
import FDLCrypto
import Glibc
import TestSupport
import Testing

/// Every command of the documentation, read out of its page and run.
@Suite("The commands of the pages")
struct PageTests {
    /// The pages that have commands.
    enum Documented: String, CaseIterable, Sendable {
        case readme = "README.md"
        case certificates = "certs/README.md"
        case ci = "docs/ci.md"
        case formats = "docs/formats.md"
        case hosting = "docs/hosting.md"
        case install = "docs/install.md"
        case measuring = "docs/measuring.md"
        case operating = "docs/operating.md"
        case scale = "docs/scale.md"
        case scheduling = "docs/scheduling.md"
        case sources = "docs/sources.md"
        case trust = "docs/trust.md"
    }

    let scene: Scene

    init() async throws {
        scene = try await Scene()
    }

    @Test(arguments: Documented.allCases)
    func `A page's commands do what it says, one after the other`(page: Documented) async throws {
        let run = try await PageRun(page.rawValue, hosts: ["worker.example", "files.example"], in: scene)
        switch page {
        case .readme: try await readme(run)
        case .certificates, .measuring, .scale, .scheduling: break
        case .ci: try await ci(run)
        case .formats: try await formats(run)
        case .hosting: try await hosting(run)
        case .install: try install(run)
        case .operating: try await operating(run)
        case .sources: try await sources(run)
        case .trust: try await trust(run)
        }
        try await run.run()
        let unrun = run.page.commands.count { command in
            Unrun.all.contains { $0.page == page.rawValue && command.hasPrefix($0.command) }
        }
        #expect(run.count + unrun == run.page.commands.count)
        try await check(page, run)
    }

    @Test func `No command stands anywhere that is not run, and none is left out that is not there`() throws {
        let pages = try Page.all()
        #expect(Set(pages.filter { !$0.commands.isEmpty }.map(\.name)) == Set(Documented.allCases.map(\.rawValue)))
        for unrun in Unrun.all {
            let commands = pages.first { $0.name == unrun.page }?.commands ?? []
            #expect(commands.contains { $0.hasPrefix(unrun.command) }, "\(unrun.page): \(unrun.command)")
        }
        for page in pages {
            for block in page.blocks where block.language == nil || block.language == "" {
                for line in block.lines {
                    #expect(!Self.isCommand(line), "\(page.name): a command in a block that is not sh: \(line)")
                }
            }
        }
    }

    /// Whether a line begins with a program that there is.
    private static func isCommand(_ line: String) -> Bool {
        let word = line.prefix { !$0.isWhitespace }
        guard word.contains(where: \.isLetter), word.allSatisfy({ $0.isLowercase || "-_./".contains($0) }) else {
            return false
        }
        if word.hasPrefix("fdl-") || ["cd", "export", "set"].contains(word) { return !line.contains("  ") }
        let places = (Program.environment(home: "/")["PATH"] ?? "").split(separator: ":").map(String.init)
        return !word.hasPrefix("/") && !line.contains("  ")
            && (places + [Program.sources]).contains { Files.exists("\($0)/\(word)") }
    }

    @Test func `What stands in a line of text names programs, verbs and options that there are`() async throws {
        let helps = try await Helps(scene)
        for page in try Page.all() {
            for span in page.spans { #expect(helps.unknown(in: span) == nil, "\(page.name): \(span)") }
        }
    }
}

// MARK: What has to be there, and what is there then

extension PageTests {
    private func ci(_ run: PageRun) async throws {
        try await run.run(until: "fdl-sign manifest")
        for (name, variable) in [("pipeline", "FDL_KEY"), ("fresh", "FDL_FRESH_KEY")] {
            run.environment[variable] = String(decoding: try Files.read(run.here(name + ".key")), as: UTF8.self)
        }
        try run.put(noise(100_000), at: "dist/bin/app")
        try await run.run(until: "fdl-sign cosign")
        try await run.run(until: "fdl-secure trust add")
        let certificate = try await scene.certificates.makeServer(in: scene.path("named"), names: "DNS:files.example")
        let worker = try await scene.worker(root: run.here("public"), certificate: certificate)
        try run.proxy.lead("files.example", to: worker.port)
        let first = try Files.read(run.here("public/publishers/acme/1.json"))
        run.replacements["FINGERPRINT"] = SHA256Digest(hashing: first).hex
        try run.become(.reader, in: run.place)
    }

    private func install(_ run: PageRun) throws {
        for name in ["big.iso", "big.iso.manifest.json", "big.iso.manifest.json.minisig"] { try run.put([], at: name) }
        try run.put([], at: "/srv/fdl/none")
    }

    private func formats(_ run: PageRun) async throws {
        try run.put(noise(100_000), at: "big.iso")
        let key = try await scene.publisherKey()
        try await scene.must(
            .sign,
            ["manifest", run.here("big.iso"), "--key", key.replacingSuffix(".pub", with: ".key")],
            by: .publisher
        )
        try Files.copy(key, to: run.here("publisher.pub"))
        // Without a passphrase, which it would ask for at the terminal.
        let home = scene.home(of: .publisher)
        try await scene.must(
            .system("sh"),
            ["-c", "mkdir .minisign; minisign -GW -p .minisign/minisign.pub"],
            by: .publisher,
            in: home
        )
    }

    private func hosting(_ run: PageRun) async throws {
        let bytes = prose(3 << 20)
        try run.put(bytes, at: "big.iso")
        for directory in ["/srv", "/mnt"] { try run.put([], at: directory + "/none") }
        try await run.run(until: "fdl-sign manifest big.iso --oci")
        let names = "DNS:registry.example"
        let certificate = try await scene.certificates.makeServer(in: scene.path("named"), names: names)
        let registry = try await RegistryServer.start(in: scene, certificate: certificate)
        try run.proxy.lead("registry.example", to: registry.port)
        try await run.run(until: "fdl-secure get big.iso.manifest.json")
        let place = run.place
        try run.become(.reader)
        for end in ["", ".minisig"] {
            try Files.copy("\(place)/big.iso.manifest.json\(end)", to: run.here("big.iso.manifest.json" + end))
        }
        let key = scene.home(of: .publisher) + "/config/fdl/publisher.pub"
        try await scene.must(.secure, ["trust", "add", key], by: .reader)
        try await run.run(until: "fdl-sign export")
        for name in ["big.iso", "copy.iso"] { #expect(try Files.hold(run.here(name), bytes)) }
        try run.become(.publisher, in: place)
    }

    private func operating(_ run: PageRun) async throws {
        try await run.run(until: "fdl-secure-server --config")
        let live = "/etc/letsencrypt/live/files.example"
        try run.put(Files.read(scene.certificates.server), at: live + "/fullchain.pem")
        try run.put(Files.read(scene.certificates.serverKey), at: live + "/privkey.pem")
        let settings = run.meant(try run.page.block("json", beginning: "{\n  \"listen\""))
        try run.put(Array(settings.utf8), at: "/etc/fdl/server.json")
        try await run.run(until: "kill -HUP")
        let changed = settings.replacing("\n}", with: ",\n  \"limit-rate\": \"50M\"\n}")
        try run.put(Array(changed.utf8), at: "/etc/fdl/server.json")
    }

    private func sources(_ run: PageRun) async throws {
        try run.put(Files.read(scene.certificates.server), at: "server.pem")
    }

    private func trust(_ run: PageRun) async throws {
        try run.put(noise(1_000), at: "pub/tool.bin")
        try run.put(noise(1_000, seed: 2), at: "trio/three.bin")
        try await run.run(until: "fdl-secure trust add")
        try run.become(.reader, in: run.place)
        try Files.copy(scene.home(of: .publisher) + "/config/fdl/publisher.pub", to: run.here("publisher.pub"))
        let first = try Files.read(run.here("pub/publishers/acme/1.json"))
        run.replacements["FINGERPRINT"] = SHA256Digest(hashing: first).hex
    }

    private func check(_ page: Documented, _ run: PageRun) async throws {
        switch page {
        case .operating:
            let worker = try #require(run.servers.last)
            let said = try #require(run.page.blocks.first { $0.lines.first?.hasPrefix("notice: ") == true }).lines[0]
            try await worker.program.until("it says so") { worker.program.errors.contains(said) ? () : nil }
        case .trust:
            // Where it ends: three is vouched for as today's statement wants it, and said to be the newest.
            #expect(Files.exists(run.here("trio/three.bin.fresh.json.minisig")))
            let statement = String(decoding: try Files.read(run.here("trio/publishers/trio/5.json")), as: UTF8.self)
            #expect(statement.contains("\"threshold\": 2") && statement.contains("\"maximumAge\": 604800"))
            // The tests that it names are there.
            for name in [
                "\(UpdateAttackTests.self)", "\(PageTests.self)", "\(LiarTests.self)", "\(OutageTests.self)",
                "\(FaultTests.self)",
            ] { #expect(run.page.spans.contains { $0.hasPrefix(name) }, "\(name)") }
        case .ci:
            #expect(try Files.hold(run.here("app/bin/app"), noise(100_000)))
            let yaml = try run.page.block("yaml").replacing(">-\n    ", with: "").replacing("\n    ", with: " ")
            for line in yaml.split(separator: "\n") where line.hasPrefix("- run: ") {
                #expect(run.page.commands.contains(String(line.dropFirst(7))), "\(line)")
            }
        case .hosting: #expect(Files.exists(run.here("big.iso.meta4")))
        default: break
        }
    }
}
