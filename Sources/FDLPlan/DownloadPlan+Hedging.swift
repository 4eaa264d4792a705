import FDLCore

/// The end of a download: nothing is pending, some connections are idle, and others still have chunks to bring.
extension DownloadPlan {
    private struct Victim {
        let connection: Int
        let chunk: Int
        /// When the chunk is expected to arrive, in seconds from now.
        let wait: Double
    }

    /// Lets idle connections, the fastest first, ask again for the outstanding chunks that are expected last.
    mutating func hedge() {
        guard !agenda.isOver, !book.flights.isEmpty else { return }
        var tried = false
        let idle = idleConnections()
        for key in idle {
            guard book.pending.isEmpty || now - (connections[key]?.idleSince ?? now) >= 1 else { continue }
            tried = true
            guard help(out: key, beside: idle) else { break }
        }
        // A connection that looks fast enough now may stall, so look again soon.
        if tried { agenda.wake(at: now + 0.1) }
    }

    private func idleConnections() -> [Int] {
        let idle = connectionKeys.filter { key in
            guard let connection = connections[key] else { return false }
            return connection.isReady && connection.requests.isEmpty && !connection.isRetiring
                && !sources[connection.source].ignoresRanges
                && connection.hunger == .work && sources[connection.source].fetchAfter <= now
        }
        guard idle.count > 1 else { return idle }
        return idle.sorted { (connections[$0]?.meter.rate ?? 0, $1) > (connections[$1]?.meter.rate ?? 0, $0) }
    }

    /// Lets one idle connection ask for a chunk in flight elsewhere, if it would bring it much sooner.
    /// - Returns: whether slower connections should be tried too.
    private mutating func help(out key: Int, beside idle: [Int]) -> Bool {
        guard let helper = connections[key], let victim = victim(for: key, helper) else { return true }
        let length = layout.length(ofChunk: victim.chunk)
        guard let rate = helper.meter.rate ?? averageRate else { return false }
        let mine = helper.wait(for: length, rate: rate)
        guard 1.25 * mine + patience < victim.wait,
            !isSooner(elsewhere: victim.chunk, length, than: mine, except: key, or: victim.connection)
        else { return false }
        guard !isForAnother(victim, length, mine, key, idle) else { return true }
        guard length <= hedgeBudget, memory.allowsHedge(length: length) else {
            return withdraw(victim, mine, for: helper)
        }
        hedgeBudget -= length
        let request = ask(for: victim.chunk..<(victim.chunk + 1), on: key)
        book.hedge(victim.chunk, by: request)
        account.reports[helper.source].hedged += 1
        connections[key]?.hunger = .none
        return true
    }

    /// Whether another idle connection would help out nearly as soon, to whose source the chunk belongs more: all readers
    /// agree on that one, so that it may have it in its cache.
    /// - Parameter mine: how long this connection would take, in seconds.
    private func isForAnother(_ victim: Victim, _ length: Int, _ mine: Double, _ key: Int, _ idle: [Int]) -> Bool {
        guard let helper = connections[key] else { return false }
        return idle.contains { other in
            guard other != key, let connection = connections[other], connection.requests.isEmpty,
                book.pending.allows(victim.chunk, of: connection.source),
                book.pending.belongs(victim.chunk, to: connection.source, moreThanTo: helper.source),
                let rate = connection.meter.rate ?? averageRate
            else { return false }
            let theirs = connection.wait(for: length, rate: rate)
            return theirs < 1.25 * mine + patience && 1.25 * theirs + patience < victim.wait
        }
    }

    /// If there is no budget or memory for a second copy, takes a chunk away from a connection that is very much
    /// slower, by dropping that connection. Only what has arrived of the chunk is fetched twice then.
    private mutating func withdraw(_ victim: Victim, _ mine: Double, for helper: Connection) -> Bool {
        guard victim.wait > 4, victim.wait > 4 * mine, let connection = connections[victim.connection] else {
            return false
        }
        let since = askedSince(connection)
        let silence = silence(of: connection)
        var reason = "far slower than the others"
        if silence >= 1 { reason = "silent for \(Int(silence)) s, while another had nothing to do" }
        drop(victim.connection, telling: true)
        // Do not exclude the chunk if the helper belongs to the same source: it is to fetch that chunk.
        let chunk = helper.source == connection.source ? nil : victim.chunk
        charge(connection.source, .timeout(reason), chunk: chunk, since: since)
        return true
    }

    private var averageRate: Double? {
        totalRate > 0 ? totalRate / Double(max(1, connectionKeys.count)) : nil
    }

    /// The chunk that `helper` can help most with: of the last unhedged chunk of each other connection, the one that is
    /// expected last. Earlier chunks of a connection arrive sooner, so they are not looked at.
    private func victim(for helper: Int, _ connection: Connection) -> Victim? {
        var worst: Victim?
        for key in connectionKeys where key != helper {
            guard let other = connections[key], !other.requests.isEmpty else { continue }
            guard let victim = lastUnhedged(key, other, helper: connection.source) else { continue }
            if let worst, worst.wait >= victim.wait { continue }
            worst = victim
        }
        return worst
    }

    private func lastUnhedged(_ key: Int, _ connection: Connection, helper: Int) -> Victim? {
        var behind = 0
        for request in connection.requests.reversed() {
            guard let chunks = requests[request]?.chunks else { continue }
            for chunk in chunks.reversed() {
                if let flight = book.flights[chunk], flight.second == nil, book.pending.allows(chunk, of: helper),
                    !book.pending.isDoubtful(chunk, of: helper) || silence(of: connection) > configuration.silenceTime
                {
                    let ahead = connection.outstanding - behind
                    return Victim(connection: key, chunk: chunk, wait: wait(connection, bytes: ahead))
                }
                behind += layout.length(ofChunk: chunk)
            }
        }
        return nil
    }

    private func wait(_ connection: Connection, bytes: Int) -> Double {
        let estimate: Double
        if let rate = connection.meter.current(at: now) {
            estimate = Double(max(bytes, 1) + connection.draining) / max(rate, 1e-3)
        } else {
            // Nothing has come yet: as long again as it has taken so far.
            estimate = now - askedSince(connection)
        }
        let silence = silence(of: connection)
        // A rate that was measured before a long silence is no longer reliable.
        return silence > configuration.silenceTime ? max(estimate, 2 * silence) : estimate
    }

    /// When the request whose answer is due was sent; now if there is none.
    private func askedSince(_ connection: Connection) -> Double {
        head(of: connection)?.sentAt ?? now
    }

    /// How long a connection has been silent, in seconds. The plan does not hear of the rest of cancelled answers, so
    /// the time that these may take is subtracted.
    private func silence(of connection: Connection) -> Double {
        now - connection.silentSince - Double(connection.draining) / max(connection.meter.rate ?? 0, 1e-3)
    }
}
