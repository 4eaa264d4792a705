import TestSupport
import Testing

/// An honest client that looks on while a worker is attacked: by another address than the attackers'.
struct Onlooker {
    static let address = "127.0.0.77"

    let scene: Scene
    let worker: Worker
    let published: Published

    /// Fetches the whole file, and a chunk compressed; fails the test if it does not get what was signed.
    func fetches(_ comment: Comment, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let whole = try await curl("files/data.bin")
        #expect(whole.code == 0 && whole.output == published.bytes, comment, sourceLocation: sourceLocation)
    }

    /// What curl gets, by the onlooker's own address.
    func curl(_ path: String, _ options: [String] = []) async throws -> Ended {
        let standard = ["-sS", "--max-time", "60", "--interface", Self.address]
        return try await scene.run(
            .system("curl"),
            standard + ["--cacert", scene.certificates.authority] + options + [worker.url + path],
            by: .reader
        )
    }

    /// The status that a request is answered with, and the time in seconds that it took.
    func status(_ path: String, _ options: [String] = []) async throws -> Int {
        let ended = try await curl(path, ["-o", "/dev/null", "-w", "%{http_code}"] + options)
        return Int(ended.text) ?? 0
    }
}

extension RunningProgram {
    /// A number of `/proc/PID/status`, such as VmRSS in KiB.
    func statusNumber(_ name: String) throws -> Int {
        let text = String(decoding: try Files.read("/proc/\(pid)/status"), as: UTF8.self)
        for line in text.split(separator: "\n") where line.hasPrefix(name + ":") {
            let words = line.split { $0 == " " || $0 == "\t" }
            if words.count > 1, let number = Int(words[1]) { return number }
        }
        throw HarnessError("no \(name) in /proc/\(pid)/status")
    }

    /// How many descriptors it has open.
    func descriptors() throws -> Int { try Files.list("/proc/\(pid)/fd").count }

    /// The processor's time that it has taken, in hundredths of a second.
    func processorTime() throws -> Int {
        let text = String(decoding: try Files.read("/proc/\(pid)/stat"), as: UTF8.self)
        let fields = (text.split(separator: ")").last ?? "").split(separator: " ")
        guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else {
            throw HarnessError("cannot read /proc/\(pid)/stat")
        }
        return user + system
    }
}
