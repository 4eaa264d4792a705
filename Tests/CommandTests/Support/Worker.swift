import Glibc
import TestSupport

/// A running `fdl-secure-server`.
final class Worker: Sendable {
    let program: RunningProgram
    let port: Int

    init(_ program: RunningProgram, port: Int) {
        self.program = program
        self.port = port
    }

    var url: String { "https://127.0.0.1:\(port)/" }

    /// Asks it to drain, and waits for its end.
    func stop() async throws -> Ended {
        program.signal(SIGTERM)
        return try await program.wait()
    }

    /// Ends it as a loss of power would.
    func kill() async throws {
        _ = try await program.kill9()
    }
}

extension RunningProgram {
    /// The port in the line by which a worker says where it listens.
    func listeningPort() async throws -> Int {
        try await until("it listens") {
            let lines = String(decoding: self.output, as: UTF8.self).split(
                separator: "\n",
                omittingEmptySubsequences: false
            )
            // The last piece may be half a line.
            for line in lines.dropLast() where line.hasPrefix("listening on https://") {
                let port = line.split(separator: "/").last?.split(separator: ":").last.map(String.init)
                if let port = port.flatMap(Int.init) { return port }
            }
            return nil
        }
    }
}
