package import FDLCore

/// Readers of one file, and the servers that they name: what is simulated.
package struct FleetSetup: Sendable {
    /// Who gives the chunks.
    package enum Tier: Sendable, Hashable {
        /// One server that has everything.
        case origin
        /// Caches that begin empty, before one origin.
        case caches(Int)
        /// Servers of which each has the chunks that a publisher places on it.
        case fragments(Int, replicas: Int)
    }

    package var tier: Tier
    package var readers: Int
    /// Of the file.
    package var chunks: Int
    package var chunkSize: ChunkSize
    /// Bytes a second, each way.
    package var readerRate = 1e9 / 8
    package var serverRate = 10e9 / 8
    package var originRate = 10e9 / 8
    /// Round trips in seconds: from a reader to a server, and from a cache to its origin.
    package var delay = 0.02
    package var originDelay = 0.05
    /// The readers begin evenly over so many seconds.
    package var arrival = 0.0
    /// How many chunks a cache has room for; nil for all. Of those there, the one longest unused goes first.
    package var cacheRoom: Int?
    /// When the first of the servers that the readers name is gone for good.
    package var firstServerFails: Double?
    /// Whether the readers know which chunk belongs to whom.
    package var isRanked = true
    package var seed: UInt64 = 1

    package init(_ tier: Tier, readers: Int, chunks: Int, chunkSize: ChunkSize = .standard(totalBytes: 100_000_000_000))
    {
        self.tier = tier
        self.readers = readers
        self.chunks = chunks
        self.chunkSize = chunkSize
    }

    package var fileBytes: Double { Double(chunks) * Double(chunkSize.bytes) }

    /// Whether there is one server that has everything.
    package var hasOrigin: Bool {
        if case .fragments = tier { false } else { true }
    }

    /// How many servers each reader names.
    package var serverCount: Int {
        switch tier {
        case .origin: 1
        case .caches(let count), .fragments(let count, _): count
        }
    }

    /// How long the narrowest link takes for what has to pass it, in seconds; connecting is left out. Readers that begin
    /// over a time have that time before the last begins.
    package var leastTime: Double {
        let rate = tier == .origin ? originRate : serverRate
        let servers = fileBytes * Double(readers) / (rate * Double(serverCount))
        var least = max(servers, arrival + fileBytes / readerRate)
        if case .caches = tier { least = max(least, fileBytes / originRate) }
        return least
    }
}

/// What came of it.
package struct FleetResult: Sendable, Equatable {
    /// Bytes that left the origin, as a multiple of the file; of no meaning if there is none.
    package var originFiles = 0.0
    /// Of the servers that the readers name: what the busiest one sent, as a multiple of the file.
    package var busiestServerFiles = 0.0
    /// What all readers received in all, for each byte of the files.
    package var receivedForEachByte = 0.0
    /// Requests for each chunk that a reader needs.
    package var requestsForEachChunk = 0.0
    /// From a reader's begin to its end, in seconds.
    package var slowestReader = 0.0
    package var meanReader = 0.0
    /// When the last reader had everything, in seconds.
    package var time = 0.0
    /// Readers that did not get everything.
    package var failures = 0
    package var connections = 0
    package var events = 0
}
