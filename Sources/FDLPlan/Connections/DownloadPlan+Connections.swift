import FDLCore

/// Opening, closing and counting connections.
extension DownloadPlan {
    mutating func connected(_ key: Int) {
        guard let connection = connections[key], !connection.isReady else { return }
        connections[key]?.isReady = true
        anyContact = true
        connections[key]?.idleSince = agenda.now
        if trial?.connection == key { trial?.connectedAt = agenda.now }
        reviewMemory()
        fill(key)
    }

    /// Handles a connection that failed or that the source closed.
    mutating func closed(_ key: Int, _ error: SourceError?) {
        guard let connection = connections[key] else { return }
        let head = head(of: connection)
        let source = connection.source
        drop(key, telling: false)
        if connection.isReady, head == nil {
            closedIdle(connection, error)
        } else if connection.isOverrun, error?.isOfClosing ?? true {
            // Requests pipelined behind the last answer made the source reset the connection. That is not its fault.
        } else if let error {
            if error.isOfClosing, connection.requests.count > 1 { sources[source].life.suspect() }
            yieldConnection(of: source, error, wasReady: connection.isReady)
            charge(source, error, chunk: head?.chunks.first, since: head?.sentAt ?? connection.openedAt)
        } else if connection.answered > 0 {
            closedBehindAnswers(connection)
        } else {
            // The source accepted the connection and closed it before any answer.
            charge(source, .closedEarly("before any answer"), chunk: head?.chunks.first, since: connection.openedAt)
        }
    }

    /// Handles a connection that was closed while no request was outstanding. That is no fault, but the next connection
    /// waits for a moment if this one ended with an error or soon.
    private mutating func closedIdle(_ connection: Connection, _ error: SourceError?) {
        if let error, error.isFinal { return charge(connection.source, error, chunk: nil, since: connection.openedAt) }
        if !connection.wasAsked {
            sources[connection.source].failures.forget(atMost: configuration.maximumAmnesties)
        }
        guard !connection.hasServed else { return closedBehindAnswers(connection) }
        if error != nil || now - connection.openedAt < 5 {
            sources[connection.source].connectAfter = now + backoff.delay(failures: 1, using: &generator)
        }
    }

    /// Lowers the number of connections to a source if one fails to open, or times out, while another is open: the
    /// source may not be able to serve so many.
    mutating func yieldConnection(of source: Int, _ error: SourceError, wasReady: Bool) {
        guard isLetIn(by: sources[source]) else { return }
        if wasReady {
            guard case .timeout = error else { return }
        }
        sources[source].shrink(until: now + configuration.trialPause)
    }

    /// Whether a connection to the source is open.
    func isLetIn(by source: Source) -> Bool { source.connections.contains { connections[$0]?.isReady == true } }

    /// The oldest request, whose answer is due.
    func head(of connection: Connection) -> Request? { connection.requests.first.flatMap { requests[$0] } }

    /// Removes a connection and gives back what was outstanding on it.
    /// - Parameter telling: whether the caller is told to disconnect it.
    mutating func drop(_ key: Int, telling: Bool) {
        guard let connection = connections.remove(key) else { return }
        connectionKeys.removeAll { $0 == key }
        sources[connection.source].connections.removeAll { $0 == key }
        sources[connection.source].rate = connection.meter.rate ?? sources[connection.source].rate
        totalRate -= connection.meter.rate ?? 0
        takeBack(connection)
        if trial?.connection == key { trial = nil }
        if telling { agenda.act(.disconnect(ConnectionID(rawValue: key))) }
        agenda.add(.connections)
    }

    /// Opens the connections that are wanted and allowed. It starts with a different source each time, so that none is
    /// left out for good.
    mutating func openConnections() {
        guard !agenda.isOver, book.unverifiedCount > 0 else { return }
        for offset in sources.indices {
            let index = index(inTurn: offset)
            let source = sources[index]
            guard source.isLive, wantsConnection(source) else { continue }
            guard source.connectAfter <= now else {
                agenda.wake(at: source.connectAfter)
                continue
            }
            guard hasUse(of: index) else { continue }
            guard connectionKeys.count < configuration.maximumConnections || evict(for: index) else { continue }
            open(to: index)
        }
        if !sources.isEmpty { nextSource = index(inTurn: 1) }
    }

    /// The source that is `offset` places after the one whose turn it is.
    private func index(inTurn offset: Int) -> Int { (nextSource + offset) % sources.count }

    /// Whether a further connection to a source would find something to do.
    private mutating func hasUse(of source: Int) -> Bool {
        guard !isAheadEnough(source) else { return false }
        if sources[source].ignoresRanges { return streamStart(for: source) != nil }
        if book.next(for: source) != nil { return true }
        // At the end, one connection may help with chunks in flight on others.
        return sources[source].connections.isEmpty && book.pending.isEmpty && !book.flights.isEmpty
    }

    /// Makes room for a source that has no connection: closes a connection that has been idle for lack of work, or one
    /// to a source that keeps lacking chunks.
    /// - Returns: whether there is room now.
    private mutating func evict(for newcomer: Int) -> Bool {
        guard sources[newcomer].connections.isEmpty else { return false }
        let hopes = sources[newcomer].lackedInARow < configuration.lackedBeforeYielding
        let victim = connectionKeys.first { key in
            guard let connection = connections[key], connection.isReady else { return false }
            if hopes, sources[connection.source].lackedInARow >= configuration.lackedBeforeYielding { return true }
            return connection.requests.isEmpty && connection.hunger == .work && now - connection.idleSince >= 1
        }
        guard let victim else { return false }
        drop(victim, telling: true)
        return true
    }

    @discardableResult
    private mutating func open(to index: Int) -> Int {
        let source = sources[index]
        let key = connections.insert(
            Connection(source: index, openedAt: now, meter: RateMeter(expected: source.rate), delay: source.delay)
        )
        totalRate += source.rate ?? 0
        connectionKeys.append(key)
        sources[index].connections.append(key)
        agenda.act(.connect(ConnectionID(rawValue: key), to: SourceID(rawValue: index)))
        return key
    }

    // MARK: - Regular review

    /// Reviews, at each tick, how much memory the paths need, which sources are slow, and whether a further connection
    /// would help.
    mutating func review() {
        reviewMemory()
        var sum = 0.0
        var measured = 0
        totalRate = 0
        for key in connectionKeys {
            guard let connection = connections[key] else { continue }
            totalRate += rate(of: connection) ?? 0
        }
        for index in sources.indices where sources[index].isLive {
            guard let rate = rate(of: index) else { continue }
            sum += rate
            measured += 1
        }
        for index in sources.indices {
            guard measured > 1, let rate = rate(of: index) else { continue }
            sources[index].isSlow = rate * configuration.slowRatio < sum / Double(measured)
        }
        dropStalled()
        regrow()
        judgeTrial()
        if trial == nil { beginTrial() }
    }

    /// Closes connections that get only a few bytes now and then, which would keep the caller's timeouts from firing.
    private mutating func dropStalled() {
        for key in connectionKeys {
            guard let connection = connections[key], let head = head(of: connection) else { continue }
            let length = now - max(head.sentAt, connection.lastChunkAt)
            guard length > configuration.stallTime,
                Double(head.arrived + head.readPast) < length * configuration.stallRate
            else {
                continue
            }
            drop(key, telling: true)
            yieldConnection(of: connection.source, .timeout(""), wasReady: true)
            charge(connection.source, .timeout("hardly a byte"), chunk: head.chunks.first, since: head.sentAt)
        }
    }

    /// The rate of a source in bytes a second: the sum over its connections, reduced by silence; the last measured rate
    /// if it has none.
    func rate(of index: Int) -> Double? {
        var sum: Double?
        for key in sources[index].connections {
            guard let connection = connections[key] else { continue }
            if let rate = rate(of: connection) { sum = (sum ?? 0) + rate }
        }
        return sum ?? sources[index].rate
    }

    private func rate(of connection: Connection) -> Double? {
        connection.requests.isEmpty ? connection.meter.rate : connection.meter.current(at: now)
    }

    func state(of source: Source) -> SourceState {
        switch source.standing {
        case .quarantined: return .quarantined
        case .unusable: return .unusable
        case .givenUp: return .givenUp
        case .live: break
        }
        let until = max(source.fetchAfter, source.connections.isEmpty ? source.connectAfter : -.infinity)
        if until > now { return .waiting(until: .seconds(until)) }
        if source.isSlow { return .slow }
        return isLetIn(by: source) || source.hasAnswered ? .active : .untried
    }

    /// Opens one connection more to the next suitable source, if there is work for some seconds. Only one trial runs at
    /// a time, because the effects of two could not be told apart.
    private mutating func beginTrial() {
        guard totalRate > 0, Double(book.pendingBytes) > 4 * totalRate,
            connectionKeys.count < configuration.maximumConnections
        else { return }
        for offset in sources.indices {
            let index = index(inTurn: offset)
            let source = sources[index]
            let count = source.connections.count
            guard source.isLive, !source.isSlow, !source.life.isShort, !source.ignoresRanges, source.growAfter <= now,
                count > 0,
                count >= source.desiredConnections,
                count < Self.connectionCap(configuration), source.connectAfter <= now, source.fetchAfter <= now,
                let since = source.firstWorkAt, now - since >= 1.5, let rate = rate(of: index),
                source.connections.allSatisfy({ connections[$0]?.requests.isEmpty == false })
            else { continue }
            sources[index].desiredConnections = count + 1
            let before = totalRate
            trial = Trial(
                connection: open(to: index),
                totalBefore: before,
                share: rate / Double(count)
            )
            return
        }
    }

    /// Ends a trial. The connection stays if the rate of all sources together has grown by at least a quarter of what
    /// one connection of this source gave before. One that only takes from the others is closed.
    private mutating func judgeTrial() {
        guard let trial, let began = trial.connectedAt, let connection = connections[trial.connection] else { return }
        // Give the connection 2 s, or up to 30 s if its first chunk takes longer.
        guard now - began >= 2, connection.hasServed || now - began >= 30 else { return }
        let source = connection.source
        self.trial = nil
        guard totalRate - trial.totalBefore < 0.25 * trial.share else { return }
        sources[source].shrink(until: now + configuration.trialPause)
        if connections[trial.connection]?.requests.isEmpty == true {
            drop(trial.connection, telling: true)
        } else {
            connections[trial.connection]?.isRetiring = true
        }
    }
}
