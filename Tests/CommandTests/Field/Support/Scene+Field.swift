import Glibc
import TestSupport

extension Scene {
    /// A signed file or folder with a worker that serves it.
    struct Offer: Sendable {
        let original: String
        let manifest: String
        let worker: Worker
    }

    /// Signs a file and serves it.
    func offer(_ bytes: [UInt8], as name: String = "data.bin") async throws -> Offer {
        let published = try await publish(bytes, as: name, chunkSize: 65_536)
        return Offer(
            original: published.file,
            manifest: published.manifest,
            worker: try await worker(root: published.root)
        )
    }

    /// Signs a folder of these files and serves it.
    func offer(folder files: [String: [UInt8]], named name: String = "tree") async throws -> Offer {
        let root = path("published")
        for (file, bytes) in files { try Files.write(bytes, to: "\(root)/\(name)/\(file)") }
        let manifest = try await sign("\(root)/\(name)", ["--chunk-size", "64KiB"])
        return Offer(original: "\(root)/\(name)", manifest: manifest, worker: try await worker(root: root))
    }

    func get(_ offer: Offer, to output: String, _ options: [String] = []) async throws -> GetResult {
        try await get(offer.manifest, to: output, from: [offer.worker.url], options)
    }

    /// `get --json` as a command that a script may run.
    func getCommand(_ offer: Offer, to output: String, _ options: [String] = []) async throws -> [String] {
        try await [Program.secure.path, "get", offer.manifest, "-o", output, "--json", "--server", offer.worker.url]
            + acceptance() + options
    }

    /// Starts a shell's script, to which the command is its arguments.
    func startShell(
        _ script: String,
        _ command: [String],
        by person: Person = .reader,
        environment: [String: String] = [:]
    ) throws -> RunningProgram {
        try start(.system("bash"), ["-c", script, "bash"] + command, by: person, environment: environment)
    }

    /// Runs a shell's script to its end.
    func shell(
        _ script: String,
        _ command: [String] = [],
        by person: Person = .reader,
        environment: [String: String] = [:]
    ) async throws -> Ended {
        try await startShell(script, command, by: person, environment: environment).wait()
    }

    /// Whether the file or folder at `output` is what was signed.
    func isRight(_ output: String, _ offer: Offer) async throws -> Bool {
        try await run(.system("diff"), ["-r", offer.original, output], by: .stranger).code == 0
    }

    /// Runs `verify` over an output, as the reader.
    func verify(_ offer: Offer, _ output: String) async throws -> Ended {
        let key = try await publisherKey()
        return try await run(.secure, ["verify", offer.manifest, output, "--publisher-key", key], by: .reader)
    }
}

extension RunningProgram {
    /// Sends a signal to the program and all it started, as a terminal does.
    func signalAll(_ number: Int32) {
        if isRunning { kill(-pid, number) }
    }
}
