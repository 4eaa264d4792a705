import Benchmark

// The hot paths, each alone:  swift package --package-path Benchmarks benchmark
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .cpuTotal, .throughput],
        scalingFactor: .one,
        maxDuration: .seconds(2)
    )
    tlsBenchmarks()
    hashingBenchmarks()
    manifestBenchmarks()
    planBenchmarks()
    hexBenchmarks()
}
