import FDLCore
import FDLPlan

/// The servers of a setup, and the plans of its readers.
struct FleetWorld {
    let hosts: [FleetHost]
    private let setup: FleetSetup
    private let layout: ChunkLayout
    private let ranking: Ranking?

    init(_ setup: FleetSetup) {
        self.setup = setup
        layout = ChunkLayout(
            chunkSize: setup.chunkSize,
            fileSizes: [Int64(setup.chunks) * Int64(setup.chunkSize.bytes)]
        )
        // Digests and URLs as even as those of the world.
        var random = SplitMix64(seed: setup.seed)
        let digests = (0..<setup.chunks).map { _ in random.digest() }
        let keys = (0..<setup.serverCount).map {
            (key: Affinity.Key(url: "https://\($0)/", digest: random.digest()), kind: SourceKind.worker)
        }
        let ranking = Ranking(layout: layout, digests: digests, sources: keys)
        self.ranking = setup.isRanked ? ranking : nil
        switch setup.tier {
        case .origin: hosts = [FleetHost(rate: setup.originRate)]
        case .caches(let count):
            let cache = FleetCache(chunks: setup.chunks, room: setup.cacheRoom, rate: setup.serverRate)
            hosts =
                Array(repeating: FleetHost(rate: setup.serverRate, cache: cache), count: count)
                + [FleetHost(rate: setup.originRate)]
        case .fragments(let count, let replicas):
            hosts = (0..<count).map { server in
                var holdings = ChunkSet(bound: setup.chunks)
                for chunk in 0..<setup.chunks where ranking.place(of: server, for: chunk) <= replicas {
                    holdings.insert(chunk)
                }
                return FleetHost(rate: setup.serverRate, holdings: holdings)
            }
        }
    }

    /// With the memory that `get` gives it.
    func plan(ofReader number: Int) -> DownloadPlan {
        let memory = min(DownloadPlan.Configuration().memoryLimit, max(16 << 20, 8 * setup.chunkSize.bytes))
        return DownloadPlan(
            layout: layout,
            missing: ChunkSet(bound: setup.chunks, filled: true),
            sources: Array(repeating: .worker, count: setup.serverCount),
            ranking: ranking,
            configuration: .init(memoryLimit: memory),
            seed: setup.seed &* 1_000_003 &+ UInt64(number)
        )
    }
}

extension SplitMix64 {
    mutating func digest() -> SHA256Digest {
        let words = (0..<4).map { _ in next() }
        guard let digest = words.withUnsafeBytes({ SHA256Digest(bytes: $0) }) else { preconditionFailure("32 bytes") }
        return digest
    }
}
