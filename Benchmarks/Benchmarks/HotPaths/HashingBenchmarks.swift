import Benchmark
import FDLCore
import FDLCrypto

func hashingBenchmarks() {
    for (title, slice) in [("whole", 1 << 20), ("in slices of 16 KiB", 16 << 10)] {
        Benchmark("SHA-256 of 16 chunks of 1 MiB, \(title)") { benchmark in
            let chunk = [UInt8](repeating: 7, count: 1 << 20)
            var hasher = SHA256Hasher()
            benchmark.startMeasurement()
            for _ in 0..<16 {
                chunk.withUnsafeBytes { bytes in
                    for start in stride(from: 0, to: bytes.count, by: slice) {
                        hasher.update(UnsafeRawBufferPointer(rebasing: bytes[start..<(start + slice)]))
                    }
                }
                blackHole(hasher.finalize())
            }
            benchmark.stopMeasurement()
        }
    }
}
