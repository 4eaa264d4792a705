import FoundationEssentials
import Glibc

/// One test's world: a directory, a publisher and a reader with homes of their own, and what they run.
final class Scene: Sendable {
    /// Who runs a command. Each has a configuration and a state of his own.
    enum Person: String, Sendable, CaseIterable {
        case publisher, reader, stranger
    }

    private let temporary: TemporaryDirectory
    let certificates: Certificates

    var path: String { temporary.path }

    init() async throws {
        temporary = try TemporaryDirectory()
        certificates = try await Certificates.shared()
        for person in Person.allCases { try Files.makeDirectory(home(of: person)) }
    }

    /// A path in the test's directory.
    func path(_ name: String) -> String { temporary.path + "/" + name }

    func home(of person: Person) -> String { path(person.rawValue) }

    // MARK: Running programs

    /// Starts a program in the person's home.
    func start(
        _ program: Program,
        _ arguments: [String],
        by person: Person,
        in directory: String? = nil,
        input: String = "/dev/null",
        environment changes: [String: String] = [:]
    ) throws -> RunningProgram {
        let environment = Program.environment(home: home(of: person)).merging(changes) { $1 }
        return try RunningProgram(
            program,
            arguments,
            environment: environment,
            directory: directory ?? home(of: person),
            input: input
        )
    }

    /// Runs a program to its end.
    func run(
        _ program: Program,
        _ arguments: [String],
        by person: Person,
        in directory: String? = nil,
        input: String = "/dev/null"
    ) async throws -> Ended {
        try await start(program, arguments, by: person, in: directory, input: input).wait()
    }

    /// Runs a program that has to succeed for the test to go on.
    @discardableResult
    func must(
        _ program: Program,
        _ arguments: [String],
        by person: Person,
        in directory: String? = nil
    ) async throws -> Ended {
        let ended = try await run(program, arguments, by: person, in: directory)
        guard ended.code == 0 else {
            throw HarnessError("\(ended.command) ended with \(ended.code)\n\(ended.errors)\n\(ended.text)")
        }
        return ended
    }

    // MARK: Publishing

    /// The publisher's public key, made on the first call.
    func publisherKey(_ name: String = "publisher", by person: Person = .publisher) async throws -> String {
        let prefix = home(of: person) + "/" + name
        if !Files.exists(prefix + ".pub") { try await must(.sign, ["keygen", "-o", prefix], by: person) }
        return prefix + ".pub"
    }

    /// Signs a file or folder.
    /// - Returns: the manifest's path.
    func sign(_ input: String, _ options: [String] = [], manifest: String? = nil) async throws -> String {
        let key = try await publisherKey().replacingSuffix(".pub", with: ".key")
        let manifest = manifest ?? input + ".manifest.json"
        try await must(.sign, ["manifest", input, "-o", manifest, "--key", key] + options, by: .publisher)
        return manifest
    }

    // MARK: Serving

    /// Starts a worker on a port of the system's choice and waits until it listens.
    func worker(root: String, _ options: [String] = [], certificate: String? = nil) async throws -> Worker {
        let program = try start(
            .server,
            ["--cert", certificate ?? certificates.server, "--root", root, "--listen", "127.0.0.1:0"] + options,
            by: .publisher
        )
        return try await Worker(program, port: program.listeningPort())
    }

    // MARK: Reading

    /// What `get` needs besides manifest and sources to accept what the publisher signed.
    func acceptance() async throws -> [String] {
        ["--publisher-key", try await publisherKey(), "--cacert", certificates.authority]
    }

    /// Runs `get --json` with the publisher's key and CA.
    func get(
        _ manifest: String,
        to output: String,
        from sources: [String],
        _ options: [String] = [],
        by person: Person = .reader
    ) async throws -> GetResult {
        GetResult(try await startGet(manifest, to: output, from: sources, options, by: person).wait())
    }

    func startGet(
        _ manifest: String,
        to output: String,
        from sources: [String],
        _ options: [String] = [],
        by person: Person = .reader
    ) async throws -> RunningProgram {
        let servers = sources.flatMap { ["--server", $0] }
        let arguments = try await ["get", manifest, "-o", output, "--json"] + acceptance() + servers + options
        return try start(.secure, arguments, by: person)
    }
}

extension Files {
    static func makeDirectory(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
}

extension String {
    func replacingSuffix(_ suffix: String, with other: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) + other : self
    }
}
