import FoundationEssentials
import Glibc
import Synchronization
import TestSupport

/// One test's world: a directory, a publisher and a reader with homes of their own, and what they run.
final class Scene: Sendable {
    /// Who runs a command. Each has a configuration and a state of his own.
    enum Person: String, Sendable, CaseIterable {
        case publisher, reader, stranger
    }

    /// What was started: it runs on until it is stopped or the test is over, also where the test has no more use for it
    /// by name. They end before the directory is removed.
    private let programs = Mutex<[RunningProgram]>([])
    private let temporary: TemporaryFolder
    let certificates: Certificates

    var path: String { temporary.path }

    /// As many tests at a time as keep the cores busy.
    private static let slots = Slots(max(4, 2 * ProcessInfo.processInfo.activeProcessorCount))

    /// Waits for its turn; a test has one scene at most.
    init() async throws {
        try Privileges.check()
        temporary = try TemporaryFolder()
        await Self.slots.take()
        do { certificates = try await Certificates.shared() } catch {
            Self.slots.give()
            throw error
        }
        for person in Person.allCases { try Files.makeDirectory(home(of: person)) }
    }

    deinit {
        programs.withLock { $0.removeAll() }
        Self.slots.give()
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
        let started = try RunningProgram(
            program.path,
            arguments,
            environment: environment,
            directory: directory ?? home(of: person),
            input: .file(input)
        )
        programs.withLock { $0.append(started) }
        return started
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
        try await run(program, arguments, by: person, in: directory).succeeded()
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

    /// Waits until a worker serves a manifest as it is on disk.
    func until(_ worker: Worker, serves name: String, asIn manifest: String) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        let command = ["-sS", "--cacert", certificates.authority, worker.url + "manifests/" + name]
        while try await run(.system("curl"), command, by: .stranger).output != Files.read(manifest) {
            guard clock.now - start < .seconds(60) else {
                throw HarnessError("the worker does not take up \(manifest)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
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

extension String {
    func replacingSuffix(_ suffix: String, with other: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) + other : self
    }
}

/// A file that is signed and lies, with its manifest, in a directory to serve.
struct Published: Sendable {
    let root: String
    let file: String
    let manifest: String
    let bytes: [UInt8]
    /// In bytes.
    let chunkSize: Int

    var chunkCount: Int { (bytes.count + chunkSize - 1) / chunkSize }

    /// Which chunks `path` holds rightly.
    func rightChunks(in path: String) throws -> Set<Int> {
        try Files.read(path).withUnsafeBytes { found in
            bytes.withUnsafeBytes { right in
                Set(
                    (0..<chunkCount).filter { chunk in
                        let range = (chunk * chunkSize)..<min((chunk + 1) * chunkSize, right.count)
                        guard range.upperBound <= found.count else { return false }
                        return areSame(.init(rebasing: found[range]), .init(rebasing: right[range]))
                    }
                )
            }
        }
    }

    /// Whether every byte in `path` is the right one or was never written.
    func holdsNothingWrong(_ path: String) throws -> Bool {
        let page = 4_096
        let nothing = [UInt8](repeating: 0, count: page)
        return try Files.read(path).withUnsafeBytes { found in
            guard found.count <= bytes.count else { return false }
            return bytes.withUnsafeBytes { right in
                nothing.withUnsafeBytes { nothing in
                    stride(from: 0, to: found.count, by: page).allSatisfy { offset in
                        let range = offset..<min(offset + page, found.count)
                        let here = UnsafeRawBufferPointer(rebasing: found[range])
                        return areSame(here, .init(rebasing: right[range]))
                            || areSame(here, .init(rebasing: nothing[..<range.count]))
                            || range.allSatisfy { found[$0] == 0 || found[$0] == right[$0] }
                    }
                }
            }
        }
    }
}

extension Scene {
    /// Writes a file into a directory to serve and signs it.
    func publish(
        _ bytes: [UInt8],
        as name: String = "data.bin",
        chunkSize: Int = 1 << 20,
        _ options: [String] = []
    ) async throws -> Published {
        let root = path("published")
        let file = root + "/" + name
        try Files.write(bytes, to: file)
        let manifest = try await sign(file, ["--chunk-size", "\(chunkSize / 1024)KiB"] + options)
        return Published(root: root, file: file, manifest: manifest, bytes: bytes, chunkSize: chunkSize)
    }

    /// Starts `count` workers on one directory.
    func workers(_ count: Int, root: String) async throws -> [Worker] {
        var workers: [Worker] = []
        for _ in 0..<count { workers.append(try await worker(root: root)) }
        return workers
    }
}

/// The size of the large file, in bytes: FDL_TEST_SIZE, such as 1GiB, or 64 MiB.
let largeSize: Int = {
    let text = ProcessInfo.processInfo.environment["FDL_TEST_SIZE"] ?? "64MiB"
    for (suffix, shift) in [("KiB", 10), ("MiB", 20), ("GiB", 30)] where text.hasSuffix(suffix) {
        if let number = Int(text.dropLast(3)) { return number << shift }
    }
    return 64 << 20
}()
