import Foundation
import Glibc
import Synchronization

/// A program that a test runs as a peer.
final class Program: Sendable {
    struct Result {
        let status: Int32
        let output: String
        let errors: String
    }

    struct Failed: Error {
        let arguments: [String]
        let result: Result
    }

    private let process = Process()
    private let input: Pipe
    private let output: Pipe
    private let errors: Pipe

    /// A program started at the same moment must not inherit these pipes: while it runs they would not end.
    private static let starting = Mutex(())

    /// Starts a program that is found on the path.
    init(_ name: String, _ arguments: [String], in directory: URL? = nil) throws {
        (input, output, errors) = try Self.starting.withLock { [process] _ in
            let pipes = (Pipe(), Pipe(), Pipe())
            for pipe in [pipes.0, pipes.1, pipes.2] {
                for handle in [pipe.fileHandleForReading, pipe.fileHandleForWriting] {
                    _ = fcntl(handle.fileDescriptor, F_SETFD, FD_CLOEXEC)
                }
            }
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = [name] + arguments
            process.currentDirectoryURL = directory
            process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
            process.standardInput = pipes.0
            process.standardOutput = pipes.1
            process.standardError = pipes.2
            try process.run()
            return pipes
        }
    }

    deinit {
        if process.isRunning { process.terminate() }
    }

    func write(_ text: String) throws {
        try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
    }

    func closeInput() throws {
        try input.fileHandleForWriting.close()
    }

    /// Where a program writes.
    enum Stream {
        case output
        case errors
    }

    /// Reads up to and including a line that holds `text`; nil where the stream ends before.
    func line(of stream: Stream = .output, holding text: String) async -> String? {
        let pipe = stream == .output ? output : errors
        return await Self.offThePool {
            var line = Data()
            while let byte = try? pipe.fileHandleForReading.read(upToCount: 1), let value = byte.first {
                if value != UInt8(ascii: "\n") {
                    line.append(value)
                    continue
                }
                let string = String(decoding: line, as: UTF8.self)
                if string.contains(text) { return string }
                line = Data()
            }
            return nil
        }
    }

    /// Kills the program, so that it cannot say good-bye.
    func kill() {
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// What was written until the program ended by itself.
    func finish() async -> Result {
        async let errors = Self.offThePool { [errors] in Self.rest(of: errors) }
        let output = await Self.offThePool { [output] in Self.rest(of: output) }
        let result = (output, await errors)
        let status = await Self.offThePool { [process] in
            process.waitUntilExit()
            return process.terminationStatus
        }
        return Result(status: status, output: result.0, errors: result.1)
    }

    private static func rest(of pipe: Pipe) -> String {
        String(decoding: (try? pipe.fileHandleForReading.readToEnd()) ?? Data(), as: UTF8.self)
    }

    /// Waiting for a program must not keep one of the few threads on which all tests run.
    private static func offThePool<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: body()) }
        }
    }

    /// Runs a program to its end.
    /// - Throws: `Failed` where it does not exit with 0.
    @discardableResult
    static func run(_ name: String, _ arguments: [String], in directory: URL? = nil) async throws -> Result {
        let program = try Program(name, arguments, in: directory)
        try program.closeInput()
        let result = await program.finish()
        guard result.status == 0 else { throw Failed(arguments: [name] + arguments, result: result) }
        return result
    }
}
