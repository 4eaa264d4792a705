import Benchmark
import FDLCore
import FDLCrypto

func manifestBenchmarks() {
    Benchmark("Manifest encode, 16,384 chunks") { benchmark in
        let manifest = try largeManifest()
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(manifest.encoded()) }
        benchmark.stopMeasurement()
    }

    Benchmark("Manifest decode, 16,384 chunks") { benchmark in
        let bytes = try largeManifest().encoded()
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(try Manifest(parsing: bytes)) }
        benchmark.stopMeasurement()
    }
}

private func largeManifest() throws -> Manifest {
    let chunks = 16_384
    guard let name = ManifestName("large"), let chunkSize = ChunkSize(bytes: 1 << 20) else {
        throw BenchmarkFailure.noManifest
    }
    let digest = SHA256Digest(hashing: [])
    return try Manifest(
        name: name,
        version: 1,
        created: UTCTime(secondsSince1970: 1_795_341_600),
        chunkSize: chunkSize,
        files: [Manifest.File(path: try SafePath("large"), size: Int64(chunks) << 20, isExecutable: false)],
        digests: Array(repeating: digest, count: chunks)
    )
}

func hexBenchmarks() {
    let bytes = (0..<32).map { UInt8($0 * 7) }
    let text = Hex.string(bytes)
    Benchmark("Hex encode, 1,000 digests", configuration: .init(scalingFactor: .kilo)) { benchmark in
        for _ in benchmark.scaledIterations { blackHole(Hex.string(bytes)) }
    }
    Benchmark("Hex decode, 1,000 digests", configuration: .init(scalingFactor: .kilo)) { benchmark in
        let utf8 = Array(text.utf8)
        for _ in benchmark.scaledIterations { blackHole(utf8.withUnsafeBytes { SHA256Digest(hex: $0) }) }
    }
}
