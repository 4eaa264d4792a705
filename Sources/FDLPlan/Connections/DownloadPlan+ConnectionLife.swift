import FDLCore

/// Sources that close their connections behind an answer.
extension DownloadPlan {
    /// The answer to a request, which may have been called off, is the last of its connection.
    mutating func lastAnswer(_ request: Int, _ number: Int, _ key: Int) {
        guard let connection = connections[key] else { return }
        learn(of: connection.source) { $0.announce(last: number) }
        // What stands before it has been answered by a redirect, and comes from elsewhere.
        let place = connection.requests.firstIndex(of: request)
        let behind = Array(connection.requests[(place.map { $0 + 1 } ?? 0)...])
        let isOverrun = connection.asked > number
        connections.update(key) {
            $0.isRetiring = true
            $0.isOverrun = isOverrun
        }
        takeBack(behind)
        if connections[key]?.requests.isEmpty == true { drop(key, telling: true) }
        agenda.add(.connections)
    }

    /// Closed where nothing was due but the beginning of an answer, behind others. That is no fault (RFC 9112 section
    /// 9.5), and what was asked is asked again.
    mutating func closedBehindAnswers(_ connection: Connection) {
        guard !connection.isRetiring, connection.stream == nil, connection.answered > 0 else { return }
        learn(of: connection.source) { $0.close(after: connection.answered) }
    }

    private mutating func learn(of source: Int, _ change: (inout ConnectionLife) -> Void) {
        let wasShort = sources[source].life.isShort
        change(&sources[source].life)
        guard sources[source].life.isShort, !wasShort, !sources[source].ignoresRanges else { return }
        sources[source].desiredConnections = shortLivedCap
    }

    /// A connection that is open though it should have been closed shows that the source closes none.
    mutating func reviewLife(of key: Int) {
        guard let connection = connections[key], !connection.isRetiring, connection.stream == nil,
            connection.draining == 0,
            sources[connection.source].life.isOutlived(by: connection.answered)
        else { return }
        let source = connection.source
        if sources[source].life.isShort {
            sources[source].shrink(to: Self.connectionCap(configuration), until: now + configuration.trialPause)
        }
        sources[source].life.outlive()
    }

    private var shortLivedCap: Int {
        max(1, configuration.connectionsPerSource ?? configuration.shortConnectionsPerSource)
    }

    /// Whether a source has fewer connections than it should have. Where each lasts for few answers all are counted: the
    /// next ones are opened while the last answers of the others come. Otherwise one that is at its end has a successor
    /// at once.
    func wantsConnection(_ source: Source) -> Bool {
        if source.life.isShort { return source.connections.count < (source.isSlow ? 1 : source.desiredConnections) }
        guard source.connections.count >= source.desiredConnections else { return true }
        guard source.life.limit != nil, source.connections.count < 2 * source.desiredConnections else { return false }
        return source.connections.count { !isSpent($0, source.life) } < source.desiredConnections
    }

    private func isSpent(_ key: Int, _ life: ConnectionLife) -> Bool {
        guard let connection = connections[key] else { return true }
        return connection.isRetiring || connection.asked >= life.limit ?? .max
    }

    /// Whether as many short-lived connections as there are chunks to ask for wait to be asked.
    func isAheadEnough(_ source: Int) -> Bool {
        guard sources[source].life.isShort else { return false }
        let ahead = sources[source].connections.count { connections[$0]?.wasAsked == false }
        return ahead > 0 && ahead >= book.pending.count
    }

    /// Twice a second: a source that rationed its connections, and closes each, is given one more after a while. Whether
    /// that is of use cannot be tried as with others.
    mutating func regrow() {
        for index in sources.indices where sources[index].life.isShort {
            guard sources[index].growAfter <= now, sources[index].desiredConnections < shortLivedCap else { continue }
            sources[index].desiredConnections += 1
            sources[index].growAfter = now + configuration.trialPause
            agenda.add(.connections)
        }
    }
}
