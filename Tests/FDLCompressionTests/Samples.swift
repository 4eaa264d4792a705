import FDLCompression
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
    static func run(_ program: String, _ arguments: [String], input: [UInt8]) async throws -> [UInt8] {
        let folder = try TemporaryFolder()
        let file = try folder.write(input, "input")
        return try await RunningProgram.run(program, arguments, directory: folder.path, input: .file(file)).output
    }
}
