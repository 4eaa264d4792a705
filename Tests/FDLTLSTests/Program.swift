import Foundation
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

    private let process: Process
    private let input = Pipe()
    private let output = Pipe()
    private let errors = Pipe()

    /// Starts a program that is found on the path.
    init(_ name: String, _ arguments: [String], in directory: URL? = nil) throws {
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments
        process.currentDirectoryURL = directory
        process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
        process.standardInput = input
        process.standardOutput = output
        process.standardError = errors
        try process.run()
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

    /// Reads standard output up to and including a line that holds `text`; nil where the output ends before.
    func line(holding text: String) -> String? {
        var line = Data()
        while let byte = try? output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty {
            if byte[byte.startIndex] != UInt8(ascii: "\n") {
                line += byte
                continue
            }
            let string = String(decoding: line, as: UTF8.self)
            if string.contains(text) { return string }
            line = Data()
        }
        return nil
    }

    func terminate() {
        process.terminate()
        process.waitUntilExit()
    }

    /// What was written until the program ended by itself.
    func finish() -> Result {
        let collected = Mutex(Data())
        let group = DispatchGroup()
        DispatchQueue.global().async(group: group) { [errors] in
            let data = (try? errors.fileHandleForReading.readToEnd()) ?? Data()
            collected.withLock { $0 = data }
        }
        let out = (try? output.fileHandleForReading.readToEnd()) ?? Data()
        group.wait()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus,
            output: String(decoding: out, as: UTF8.self),
            errors: collected.withLock { String(decoding: $0, as: UTF8.self) }
        )
    }

    /// Runs a program to its end.
    /// - Throws: `Failed` where it does not exit with 0.
    @discardableResult
    static func run(_ name: String, _ arguments: [String], in directory: URL? = nil) throws -> Result {
        let program = try Program(name, arguments, in: directory)
        try program.closeInput()
        let result = program.finish()
        guard result.status == 0 else { throw Failed(arguments: [name] + arguments, result: result) }
        return result
    }
}
