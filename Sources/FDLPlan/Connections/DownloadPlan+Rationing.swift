import FDLCore

/// Sources that limit connections or requests, and refuse what goes beyond.
extension DownloadPlan {
    /// Asks less of a source that refuses a request while it answers others: on fewer connections, or later if there is
    /// only one. The source is not blamed, and the chunk may be asked for again at once.
    /// - Parameters:
    ///   - key: the connection on which the request was refused; it may be gone.
    ///   - since: when that request was sent.
    /// - Returns: false if nothing suggests that the refusal is about how much was asked.
    mutating func yieldToRationing(_ key: Int, of source: Int, _ error: SourceError, since: Double) -> Bool {
        guard error.isOfRationing, sources[source].isLive else { return false }
        if error.cause == .forbidden(403) {
            // A limit on connections refuses the first request on one too many.
            guard !sources[source].refusals.areOfChunks, connections[key]?.hasServed != true else { return false }
        }
        if sources[source].connections.contains(where: { $0 != key && connections[$0]?.requests.isEmpty == false }) {
            drop(key, telling: true)
            sources[source].shrink(to: sources[source].connections.count, until: now + configuration.trialPause)
            return true
        }
        guard case .status(_, let retryAfter) = error.cause, now - sources[source].answeredAt < 1 else { return false }
        sources[source].shrink(until: now + configuration.trialPause)
        pause(source, since: since, retryAfter: retryAfter.map { $0 / .seconds(1) })
        sources[source].fetchAfter = sources[source].connectAfter
        return true
    }
}
