import FDLCompression
import Foundation
import TestSupport

enum Samples {
    /// Words in a fixed order that deflate shrinks well.
    static func text(bytes: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: 7)
        let words = ["chunk", "digest", "manifest", "worker", "the", "of", "a", "signature", "\n"]
        var text: [UInt8] = []
        while text.count < bytes {
            text += words[Int(generator.next() % UInt64(words.count))].utf8
            text.append(0x20)
        }
        return Array(text[..<bytes])
    }

    /// Bytes that nothing shrinks.
    static func noise(bytes: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: 11)
        return (0..<bytes).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    }

    static func compressed(_ bytes: [UInt8], as encoding: ContentEncoding) throws -> [UInt8]? {
        try bytes.withUnsafeBytes { try ChunkDeflater().compress($0, as: encoding) }
    }

    /// Feeds `packed` in slices and finishes.
    static func inflate(
        _ packed: [UInt8],
        as encoding: ContentEncoding,
        limit: Int,
        slice: Int = .max
    ) throws -> [UInt8] {
        let inflater = try ChunkInflater(encoding: encoding, limit: limit)
        var out: [UInt8] = []
        try packed.withUnsafeBytes { bytes in
            var start = 0
            while start < bytes.count {
                let end = start + min(slice, bytes.count - start)
                try inflater.feed(UnsafeRawBufferPointer(rebasing: bytes[start..<end])) { out += $0 }
                start = end
            }
        }
        try inflater.finish()
        return out
    }

    /// Runs a program of the system on `input` and gives back its output.
    static func run(_ program: String, _ arguments: [String], input: [UInt8]) throws -> [UInt8] {
        let folder = try TemporaryFolder()
        let file = URL(filePath: try folder.write(input, "input"))
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.standardInput = try FileHandle(forReadingFrom: file)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return withExtendedLifetime(folder) { Array(bytes) }
    }
}
