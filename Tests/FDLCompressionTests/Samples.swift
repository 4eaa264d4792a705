import FDLCompression
import Foundation

enum Samples {
    /// Words in a fixed order that deflate shrinks well.
    static func text(bytes: Int) -> [UInt8] {
        var generator = SplitMix(state: 7)
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
        var generator = SplitMix(state: 11)
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
        let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appending(path: "input")
        try Data(input).write(to: file)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.standardInput = try FileHandle(forReadingFrom: file)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Array(bytes)
    }
}

/// A generator with a fixed seed (Steele, Lea and Flood's SplitMix64).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
