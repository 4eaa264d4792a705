import FDLCore

/// When it is worth asking a source for what belongs to another one.
extension DownloadPlan {
    /// In seconds: a gain of less is not worth a request that a cache would pass on to its origin. A tenth of the time
    /// the download has taken, so that it is little beside the whole.
    var patience: Double {
        let elapsed = now - (agenda.startedAt ?? now)
        return max(configuration.leastPatience, min(configuration.mostPatience, elapsed / 10))
    }

    /// Whether the owner of a chunk will have fetched all of its own hardly later than this connection the one chunk.
    func isForOwner(_ owner: Int, _ length: Int, _ connection: Connection) -> Bool {
        guard isLetIn(by: sources[owner]), sources[owner].fetchAfter <= now, let rate = rate(of: owner), rate > 0,
            let own = connection.meter.rate
        else { return false }
        var left = book.pending.owned.count(of: owner) * layout.chunkSize.bytes
        for key in sources[owner].connections { left += connections[key]?.outstanding ?? 0 }
        return Double(left) / rate < connection.wait(for: length, rate: own) + patience
    }
}
