import FDLCore

/// The end of a download: nothing is pending, some connections are idle, others still hold chunks.
extension DownloadPlan {
    private struct Victim {
        let connection: Int
        let chunk: Int
        /// When it is expected to arrive, in seconds from now.
        let wait: Double
    }

    /// Lets idle connections, the fastest first, ask a second time for the outstanding chunks that would come last.
    mutating func hedge() {
        guard !agenda.isOver, !book.flights.isEmpty else { return }
        var tried = false
        for key in idleConnections() {
            guard book.pending.isEmpty || now - (connections[key]?.idleSince ?? now) >= 1 else { continue }
            tried = true
            guard help(out: key) else { break }
        }
        // What looks well now may stall: look again soon.
        if tried { agenda.wake(at: now + 0.1) }
    }

    private func idleConnections() -> [Int] {
        let idle = connectionKeys.filter { key in
            guard let connection = connections[key] else { return false }
            return connection.isReady && connection.requests.isEmpty && !connection.isRetiring
                && connection.hunger == .work && sources[connection.source].fetchAfter <= now
        }
        guard idle.count > 1 else { return idle }
        return idle.sorted { (connections[$0]?.meter.rate ?? 0, $1) > (connections[$1]?.meter.rate ?? 0, $0) }
    }

    /// - Returns: whether a slower connection may still be of use.
    private mutating func help(out key: Int) -> Bool {
        guard let helper = connections[key], let victim = victim(for: key, helper) else { return true }
        let length = layout.length(ofChunk: victim.chunk)
        guard let rate = helper.meter.rate ?? averageRate else { return false }
        let mine = helper.wait(for: length, rate: rate)
        guard 1.25 * mine + 0.01 < victim.wait,
            !isSooner(elsewhere: victim.chunk, length, than: mine, except: key, or: victim.connection)
        else { return false }
        guard length <= hedgeBudget, memory.allowsHedge(length: length) else {
            return withdraw(victim, mine, for: helper)
        }
        hedgeBudget -= length
        let request = ask(for: victim.chunk..<(victim.chunk + 1), on: key)
        book.hedge(victim.chunk, by: request)
        connections[key]?.hunger = .none
        return true
    }

    /// With the budget spent, or no memory for a second copy, a chunk that would take very much longer where it is, is
    /// taken away from there. Nothing is fetched twice but what had arrived of it.
    private mutating func withdraw(_ victim: Victim, _ mine: Double, for helper: Connection) -> Bool {
        guard victim.wait > 4, victim.wait > 4 * mine, let connection = connections[victim.connection] else {
            return false
        }
        let since = askedSince(connection)
        let silence = silence(of: connection)
        var reason = "far slower than the others"
        if silence >= 1 { reason = "silent for \(Int(silence)) s, while another had nothing to do" }
        drop(victim.connection, telling: true)
        // Another connection of the same source may well have the chunk.
        let chunk = helper.source == connection.source ? nil : victim.chunk
        charge(connection.source, .timeout(reason), chunk: chunk, since: since)
        return true
    }

    private var averageRate: Double? {
        totalRate > 0 ? totalRate / Double(max(1, connectionKeys.count)) : nil
    }

    /// Of the chunks one connection would wait for longest, the one that waits longest of all. Only the last chunk of
    /// each connection that nobody else has been asked for is looked at: those before it come sooner.
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
                if let flight = book.flights[chunk], flight.second == nil, book.pending.allows(chunk, of: helper) {
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
        // A rate measured before a long silence tells nothing.
        return silence > configuration.silenceTime ? max(estimate, 2 * silence) : estimate
    }

    /// When the request was sent whose answer is due.
    private func askedSince(_ connection: Connection) -> Double {
        head(of: connection)?.sentAt ?? now
    }

    /// How long a connection has given no sign of life, in seconds. Of the rest of a cancelled answer the plan is not
    /// told: while it may be coming, silence means nothing.
    private func silence(of connection: Connection) -> Double {
        now - connection.silentSince - Double(connection.draining) / max(connection.meter.rate ?? 0, 1e-3)
    }
}
