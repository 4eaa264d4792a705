import TestSupport
import Testing

/// A page's commands, run as somebody runs them who pastes one after the other.
///
/// Directories that only root may write to (`/srv`, say) are meant below the test's own, and the hosts of the page are
/// led to the servers of the test. The command is what the page has, otherwise.
final class PageRun {
    /// The directories of the system that are meant below the test's own.
    private static let moved = ["/srv", "/mnt", "/etc/fdl", "/etc/letsencrypt", "/var/log/fdl"]

    let page: Page
    let scene: Scene
    let proxy: NamingProxy
    /// Where the commands run, and by whom.
    private(set) var place: String
    private(set) var person = Scene.Person.publisher
    /// What stands for what in the commands: what a person would put in.
    var replacements: [String: String] = [:]
    /// Further variables.
    var environment: [String: String] = [:]
    /// The workers that the page has started, the last one last.
    private(set) var servers: [Worker] = []
    /// The hosts at which a worker is found that the page starts.
    private let hosts: [String]
    private var left: ArraySlice<String>
    /// How many commands were run.
    private(set) var count = 0

    /// - Parameter hosts: the names at which the page's own workers are.
    init(_ name: String, hosts: [String] = [], in scene: Scene) async throws {
        page = try Page(name)
        self.scene = scene
        self.hosts = hosts
        left = page.commands[...]
        place = scene.path("place")
        proxy = try await NamingProxy.start(in: scene)
        for name in ["tools", "packaging"] {
            try Files.makeDirectory(place)
            try await scene.must(.system("cp"), ["-r", "\(Program.sources)/\(name)", place], by: .publisher)
        }
    }

    /// From now on somebody else types, in a directory of their own.
    func become(_ person: Scene.Person, in directory: String? = nil) throws {
        self.person = person
        place = directory ?? scene.path("place of \(person.rawValue)")
        try Files.makeDirectory(place)
    }

    /// Where a path of the page lies.
    func here(_ path: String) -> String { path.hasPrefix("/") ? scene.path("root") + path : place + "/" + path }

    /// Puts a file where the page says that it is.
    func put(_ bytes: [UInt8], at path: String) throws { try Files.write(bytes, to: here(path)) }

    /// A text of the page as it is meant here.
    func meant(_ text: String) -> String {
        var text = text
        for directory in Self.moved {
            text = text.replacing(" \(directory)", with: " \(here(directory))")
                .replacing("\"\(directory)", with: "\"\(here(directory))")
        }
        for (name, value) in replacements { text = text.replacing(name, with: value) }
        return text
    }

    /// Runs the commands up to the first one that begins with this.
    func run(until start: String) async throws {
        guard let end = left.firstIndex(where: { $0.hasPrefix(start) }) else {
            throw HarnessError("\(page.name) has no further command that begins with \(start)")
        }
        let commands = left[..<end]
        left = left[end...]
        for command in commands { try await run(command) }
    }

    /// Runs the rest.
    func run() async throws {
        let commands = left
        left = []
        for command in commands { try await run(command) }
    }

    private func run(_ command: String) async throws {
        if Unrun.all.contains(where: { $0.page == page.name && command.hasPrefix($0.command) }) { return }
        let isWorker = command.hasPrefix("fdl-secure-server") && !command.contains("--check")
        let program = try scene.start(
            .system("sh"),
            // What is started in the background is this test's own process.
            ["-c", isWorker ? "exec " + meant(command.replacingSuffix(" &", with: "")) : meant(command)],
            by: person,
            in: place,
            environment: try await variables()
        )
        count += 1
        if isWorker {
            let worker = try await Worker(program, port: program.listeningPort())
            servers.append(worker)
            for host in hosts { try proxy.lead(host, to: worker.port) }
            return
        }
        let ended = try await program.wait()
        #expect(ended.code == 0, "\(page.name): \(command)\n\(ended.text)\(ended.errors)")
    }

    /// Our programs are on the path, and what the test calls the certificate authority is one of the system's.
    private func variables() async throws -> [String: String] {
        let shims = scene.path("shims")
        let pid = servers.last.map { "\($0.program.pid)" } ?? ""
        try Files.write(Array("#!/bin/sh\necho \(pid)\n".utf8), to: shims + "/pidof")
        try await scene.must(.system("chmod"), ["+x", shims + "/pidof"], by: person)
        let authority = scene.certificates.authority
        return [
            "PATH": "\(shims):\(Program.directory):" + (Program.environment(home: place)["PATH"] ?? ""),
            "HTTPS_PROXY": proxy.url, "NO_PROXY": "127.0.0.1",
            "SSL_CERT_FILE": authority, "CURL_CA_BUNDLE": authority,
            // At ports of the system's choice, rather than those that the page or the programs have.
            "FDL_SERVER_LISTEN": "127.0.0.1:0", "FDL_SERVER_METRICS_LISTEN": "127.0.0.1:0",
        ].merging(environment) { $1 }
    }
}
