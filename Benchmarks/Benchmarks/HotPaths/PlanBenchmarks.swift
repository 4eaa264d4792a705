import Benchmark
import FDLCore
import FDLPlan

func planBenchmarks() {
    for sources in [4, 64] {
        Benchmark("Plan, 16,384 chunks from \(sources) workers") { benchmark in
            for _ in benchmark.scaledIterations { blackHole(runPlan(chunks: 16_384, sources: sources)) }
        }
    }
}

/// A whole download whose requests are answered one at a time, each at once.
private func runPlan(chunks: Int, sources: Int) -> Int {
    let chunkSize = ChunkSize.standard(totalBytes: 0)
    var plan = DownloadPlan(
        layout: ChunkLayout(chunkSize: chunkSize, fileSizes: [Int64(chunks) * Int64(chunkSize.bytes)]),
        missing: ChunkSet(bound: chunks, filled: true),
        sources: Array(repeating: .worker, count: sources),
        seed: 4
    )
    var time = Duration.zero
    var stored = 0
    var actions = plan.start(at: time)
    while let action = actions.popLast() {
        time += .microseconds(10)
        switch action {
        case .connect(let id, _): actions += plan.handle(.connected(id), at: time)
        case .fetch(let id, let chunks, _):
            for chunk in chunks {
                actions += plan.handle(.verified(id, chunk: chunk), at: time)
                actions += plan.handle(.stored(chunk: chunk), at: time)
                stored += 1
            }
        case .finished: return stored
        default: break
        }
    }
    return stored
}
