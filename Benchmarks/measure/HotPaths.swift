import FDLCore
import FDLCrypto
import Glibc
import NIOCore

/// What most of the time goes into, each alone: to see what a change of one of them gives, and for a profiler.
enum HotPaths {
    /// Makes ready, and times one go.
    /// - Returns: CPU seconds of the thread.
    private typealias Path = () throws -> Double

    private static var paths: [(name: String, run: Path)] {
        [
            ("tls-write: 16 MiB", writeTLS),
            ("tls-read: 16 MiB", readTLS),
            ("tls-handshake: 100, both sides", { try timed { for _ in 0..<100 { _ = try TLSPair() } } }),
            ("hash: 16 chunks of 1 MiB, whole", { hash(slices: 1 << 20) }),
            ("hash: 16 chunks of 1 MiB, in slices of 16 KiB", { hash(slices: 16 << 10) }),
            ("manifest-encode: 16,384 chunks", encodeManifest),
            ("manifest-decode: 16,384 chunks", decodeManifest),
            ("hex-encode: 100,000 digests", encodeHex),
            ("hex-decode: 100,000 digests", decodeHex),
        ]
    }

    /// Goes each path whose name begins with `word` for a second, once to warm up and five times at least.
    /// - Returns: a line for each: milliseconds of CPU, the median and the range.
    static func measure(_ word: String) throws -> [String] {
        let chosen = paths.filter { $0.name.hasPrefix(word) }
        guard !chosen.isEmpty else { throw MeasureError("no path begins with '\(word)'") }
        return try chosen.map { path in
            _ = try path.run()
            let end = Clock.wall.now() + 1
            var times: [Double] = []
            while times.count < 5 || Clock.wall.now() < end { times.append(try path.run() * 1000) }
            times.sort()
            let (least, median, most) = (times[0], times[times.count / 2], times[times.count - 1])
            return "\(path.name): \(fixed(median)) ms (\(fixed(least))…\(fixed(most)))"
        }
    }

    private static func timed(_ body: () throws -> Void) rethrows -> Double { try Clock.threadCPU.time(body) }

    private static let chunk = ByteBuffer(repeating: 7, count: 1 << 20)

    private static func writeTLS() throws -> Double {
        let pair = try TLSPair()
        return try timed { for _ in 0..<16 { use(try pair.encrypt(chunk)) } }
    }

    private static func readTLS() throws -> Double {
        let pair = try TLSPair()
        let ciphertext = try (0..<16).map { _ in try pair.encrypt(chunk) }
        return try timed { for batch in ciphertext { use(try pair.decrypt(batch)) } }
    }

    private static func hash(slices: Int) -> Double {
        let chunk = [UInt8](repeating: 7, count: 1 << 20)
        var hasher = SHA256Hasher()
        return timed {
            for _ in 0..<16 {
                chunk.withUnsafeBytes { bytes in
                    for start in stride(from: 0, to: bytes.count, by: slices) {
                        hasher.update(UnsafeRawBufferPointer(rebasing: bytes[start..<(start + slices)]))
                    }
                }
                use(hasher.finalize())
            }
        }
    }

    private static func encodeManifest() throws -> Double {
        let manifest = try ManifestMeasure.manifest(chunks: 16_384)
        return timed { use(manifest.encoded()) }
    }

    private static func decodeManifest() throws -> Double {
        let bytes = try ManifestMeasure.manifest(chunks: 16_384).encoded()
        return try timed { use(try Manifest(parsing: bytes)) }
    }

    private static let digest = (0..<32).map { UInt8($0 * 7) }

    private static func encodeHex() -> Double { timed { for _ in 0..<100_000 { use(Hex.string(digest)) } } }

    private static func decodeHex() -> Double {
        let text = Array(Hex.string(digest).utf8)
        return timed { for _ in 0..<100_000 { use(text.withUnsafeBytes { SHA256Digest(hex: $0) }) } }
    }

    /// Keeps what made `value` from being taken for useless.
    @inline(never) @_optimize(none)
    private static func use(_ value: some Any) {}
}
