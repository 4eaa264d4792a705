import FDLCore
import FDLCrypto
import FoundationEssentials
import TestSupport

/// A publisher with keys, statements and a worker's root, as a test needs them.
struct Publisher: Sendable {
    let scene: Scene
    /// The last version that was not given.
    private let counted = SharedMutex(0)
    /// What its worker serves.
    var root: String { scene.path("published") }
    var statements: String { root + "/publishers/acme" }

    init(_ scene: Scene) throws {
        self.scene = scene
        try Files.makeDirectory(root)
    }

    /// The path of a secret key, made on the first call.
    func key(_ name: String) async throws -> String {
        try await scene.publisherKey(name).replacingSuffix(".pub", with: ".key")
    }

    func pub(_ name: String) async throws -> String { try await scene.publisherKey(name) }

    func id(_ name: String) async throws -> String {
        try PublicKey(minisign: String(decoding: Files.read(try await pub(name)), as: UTF8.self)).id.description
    }

    /// `--key` for each of some keys.
    func keys(_ names: [String]) async throws -> [String] {
        var options: [String] = []
        for name in names { options += ["--key", try await key(name)] }
        return options
    }

    @discardableResult
    func sign(_ arguments: [String], at date: String? = nil) async throws -> Ended {
        try await run(.sign, arguments, by: .publisher, at: date)
    }

    /// Runs a program, with another date if one is given.
    func run(_ program: Program, _ arguments: [String], by person: Scene.Person, at date: String? = nil) async throws
        -> Ended
    {
        guard let date else { return try await scene.run(program, arguments, by: person) }
        // The clock alone is another, not the times of files or how time passes.
        let faking = ["-f", date, "env", "NO_FAKE_STAT=1", "DONT_FAKE_MONOTONIC=1", program.path]
        return try await scene.run(.system("faketime"), faking + arguments, by: person)
    }

    /// Makes the first statement.
    /// - Returns: its fingerprint.
    func makeStatement(_ options: [String] = [], keys names: [String] = ["a"], at date: String? = nil) async throws
        -> String
    {
        let made = try await sign(
            ["publisher", "init", "acme", "-o", statements] + options + keys(names),
            at: date
        ).succeeded()
        let line = made.text.split(separator: "\n").first { $0.hasPrefix("fingerprint ") }
        return String(line?.dropFirst("fingerprint ".count) ?? "")
    }

    /// Signs a file of the root.
    @discardableResult
    func publish(_ bytes: [UInt8], keys names: [String] = ["a"], version: String? = nil, at date: String? = nil)
        async throws -> String
    {
        let file = root + "/tool.bin"
        try Files.write(bytes, to: file)
        // Signed by several keys within a second, the clock's versions would be the same.
        let next = counted.withLock { count in
            count += 1
            return count
        }
        let options = ["--name", "tool", "--version", version ?? "\(next)"]
        try await sign(["manifest", file] + options + keys(names), at: date).succeeded()
        return file + ".manifest.json"
    }

    /// The reader pins the statement.
    func pin(_ fingerprint: String, version: Int = 1, by person: Scene.Person = .reader, at date: String? = nil)
        async throws -> Ended
    {
        let arguments = ["trust", "add", statements + "/\(version).json", "--fingerprint", fingerprint]
        return try await run(.secure, arguments, by: person, at: date)
    }

    /// The reader gets the product from a worker, into an output of its own.
    func get(
        _ worker: String,
        _ options: [String] = [],
        by person: Scene.Person = .reader,
        at date: String? = nil
    ) async throws -> Ended {
        let output = scene.path("out-\(UUID().uuidString)")
        let arguments = ["get", worker + "manifests/tool.json", "-o", output, "--cacert", scene.certificates.authority]
        let ended = try await run(.secure, arguments + options, by: person, at: date)
        if ended.code != 0, Files.exists(output) || Files.exists(output + ".fdl-part") {
            throw HarnessError("something is left of what was refused: \(ended.errors)")
        }
        return ended
    }

    /// The reader holds what lies on this machine against its manifest.
    func verify(_ manifest: String, _ options: [String] = [], by person: Scene.Person = .reader, at date: String? = nil)
        async throws -> Ended
    {
        try await run(.secure, ["verify", manifest, root + "/tool.bin"] + options, by: person, at: date)
    }
}
