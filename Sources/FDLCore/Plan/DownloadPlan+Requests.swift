/// Asking for chunks, and what becomes of the answers.
extension DownloadPlan {
    // MARK: - Asking

    /// Gives a connection as much as it should have.
    mutating func fill(_ key: Int) {
        guard let start = connections[key], start.isReady, !start.isRetiring else { return }
        let source = start.source
        guard sources[source].fetchAfter <= now else {
            connections[key]?.hunger = .work
            return wake(at: sources[source].fetchAfter)
        }
        let target = target(of: start)
        var hunger = Hunger.none
        while let connection = connections[key] {
            let isIdle = connection.requests.isEmpty
            guard isIdle || connection.outstanding < target,
                connection.requests.count < configuration.maximumRequestsPerConnection
            else { break }
            guard let candidate = pending.next(for: source) else {
                hunger = .work
                break
            }
            let length = layout.length(ofChunk: candidate.chunk)
            guard isIdle || connection.outstanding + length <= target else { break }
            guard memoryUsed + length <= memoryLimit else {
                hunger = .memory
                break
            }
            guard candidate.rank > 0 || !shouldLeave(candidate.chunk, length, key, connection) else {
                hunger = .work
                break
            }
            let run = sources[source].kind == .mirror ? run(from: candidate.chunk, connection) : 1
            send(candidate.chunk..<(candidate.chunk + run), on: key)
        }
        connections[key]?.hunger = hunger
        if hunger == .work, connections[key]?.requests.isEmpty == true { idleAppeared = true }
    }

    /// Feeds the connections that had room to spare: those with nothing to do first, of those the fastest.
    mutating func feed() {
        feeding += 1
        while let key = hungriest() {
            connections[key]?.lastFeeding = feeding
            fill(key)
            if connections[key]?.hunger == .memory { return }
        }
    }

    private func hungriest() -> Int? {
        var best: (key: Int, isIdle: Bool, rate: Double)?
        for key in connectionKeys {
            guard let connection = connections[key], connection.lastFeeding < feeding, connection.isReady,
                connection.hunger == .memory && memoryAppeared || connection.hunger == .work && workAppeared
            else { continue }
            let isIdle = connection.requests.isEmpty
            // Whoever has not been measured goes first: it may be the fastest.
            let rate = connection.meter.rate ?? .infinity
            if let best, (best.isIdle ? 1 : 0, best.rate) >= (isIdle ? 1 : 0, rate) { continue }
            best = (key, isIdle, rate)
        }
        return best?.key
    }

    /// How many bytes a connection should have outstanding: twice what is under way on a path of its rate and delay,
    /// so that a rate held down by too few requests can show itself, and one chunk for the source to work on.
    private func target(of connection: Connection) -> Int {
        let unit = layout.chunkSize.bytes
        let source = sources[connection.source]
        if source.isSlow { return unit }
        if source.missesInARow > 0 { return unit * min(2 + source.missesInARow, 8) }
        guard let rate = connection.meter.rate, let delay = connection.delay ?? source.delay else {
            // Not knowing anything, a second chunk only where there is plenty.
            return pendingBytes > Int64(4 * unit * connectionKeys.count) ? 2 * unit : unit
        }
        let underWay = 2 * rate * delay
        let runs = source.kind == .mirror ? 2 * runBytes(connection) : 2 * unit
        return min(memoryLimit, max(runs, unit + Int(min(underWay, Double(memoryLimit)))))
    }

    /// Whether to leave a chunk to the others, since they will have fetched everything, this one too, sooner than this
    /// connection could have fetched it.
    private func shouldLeave(_ chunk: Int, _ length: Int, _ key: Int, _ connection: Connection) -> Bool {
        guard let rate = connection.meter.rate, outstanding > connection.outstanding else { return false }
        let others = totalRate - rate
        guard others > 0 else { return false }
        let mine = connection.wait(for: length, rate: rate)
        let theirs = (Double(pendingBytes) + Double(outstanding - connection.outstanding)) / others
        guard mine > 1.1 * theirs else { return false }
        return isSooner(elsewhere: chunk, length, than: mine, except: key)
    }

    /// Whether some other busy connection would have a chunk within a given time, though it did all it has to do first.
    func isSooner(elsewhere chunk: Int, _ length: Int, than time: Double, except key: Int, or victim: Int? = nil)
        -> Bool
    {
        connectionKeys.contains { other in
            guard other != key, other != victim, let connection = connections[other], connection.isReady,
                !connection.requests.isEmpty, !connection.isRetiring, pending.allows(chunk, of: connection.source),
                sources[connection.source].fetchAfter <= now, let rate = connection.meter.current(at: now)
            else { return false }
            return 1.1 * connection.wait(for: length, rate: rate) < time
        }
    }

    /// The most bytes to ask a mirror for in one request: about a second's worth, a fair share of the memory, and
    /// towards the end a share of what is left that lets all finish together.
    private func runBytes(_ connection: Connection) -> Int {
        let unit = layout.chunkSize.bytes
        guard let rate = connection.meter.rate, !sources[connection.source].isSlow else { return unit }
        let share = memoryLimit / (2 * max(1, connectionKeys.count))
        let end = totalRate > 0 ? Double(pendingBytes) * rate / totalRate / 4 : .infinity
        return max(unit, min(configuration.maximumRun, share, Int(min(rate, end, 1e12))))
    }

    private func run(from chunk: Int, _ connection: Connection) -> Int {
        let limit = min(runBytes(connection), memoryLimit - memoryUsed) / layout.chunkSize.bytes
        let end = layout.chunks(ofFile: layout.file(ofChunk: chunk)).upperBound
        var count = 1
        while count < limit, chunk + count < end, pending.contains(chunk + count),
            pending.allows(chunk + count, of: connection.source)
        {
            count += 1
        }
        return count
    }

    private mutating func send(_ chunks: Range<Int>, on key: Int) {
        for chunk in chunks {
            pending.remove(chunk)
            pendingBytes -= Int64(layout.length(ofChunk: chunk))
        }
        let request = ask(for: chunks, on: key)
        for chunk in chunks { flights[chunk] = Flight(first: request) }
    }

    /// Sends a request for chunks that are pending no longer.
    /// - Returns: its key.
    mutating func ask(for chunks: Range<Int>, on key: Int) -> Int {
        let bytes = chunks.reduce(0) { $0 + layout.length(ofChunk: $1) }
        memoryUsed += bytes
        outstanding += bytes
        let isIdle = connections[key]?.requests.isEmpty ?? true
        let request = requests.insert(
            Request(connection: key, chunks: chunks, bytes: bytes, sentAt: now, measuresDelay: isIdle)
        )
        connections[key]?.requests.append(request)
        connections[key]?.wasAsked = true
        connections[key]?.outstanding += bytes
        if isIdle { connections[key]?.meter.begin(at: now) }
        actions.append(
            .fetch(RequestID(rawValue: request), chunks: chunks, on: ConnectionID(rawValue: key))
        )
        return request
    }

    // MARK: - Answers

    mutating func progressed(_ key: Int, _ bytes: Int) {
        guard let request = requests[key], bytes > 0 else { return }
        if let source = connections[request.connection]?.source {
            account.reports[source].received += Int64(bytes)
            sources[source].lastByteAt = now
        }
        arrive(min(bytes, request.left), for: key)
    }

    mutating func verified(_ key: Int, _ chunk: Int) {
        guard let request = requests[key], request.chunks.contains(chunk),
            let source = connections[request.connection]?.source
        else { return }
        let skipped = request.chunks.lowerBound..<chunk
        if !skipped.isEmpty {
            // Not in order: the caller has passed over some. They are asked for again.
            let bytes = skipped.reduce(0) { $0 + layout.length(ofChunk: $1) }
            shorten(key, to: chunk..<request.chunks.upperBound, bytes: bytes, arrived: min(bytes, request.arrived))
            for chunk in skipped { giveBack(chunk, from: key) }
        }
        let length = layout.length(ofChunk: chunk)
        // Bytes on the wire are fewer than the chunk's where they were compressed.
        if let arrived = requests[key]?.arrived, arrived < length { arrive(length - arrived, for: key) }
        shorten(key, to: (chunk + 1)..<request.chunks.upperBound, bytes: length, arrived: length)
        connections[request.connection]?.hasServed = true
        connections[request.connection]?.lastChunkAt = now
        accept(chunk, length, from: source, request: key)
        if requests[key]?.chunks.isEmpty == true { end(key, cancelling: requests[key]?.isShortened == true) }
        fill(request.connection)
    }

    mutating func failed(_ key: Int, _ chunk: Int, _ error: SourceError) {
        guard let request = requests[key], let source = connections[request.connection]?.source else { return }
        let chunks = request.chunks
        end(key, cancelling: false)
        for chunk in chunks { giveBack(chunk, from: key) }
        if error == .missing { connections[request.connection]?.hasServed = true }
        charge(source, error, chunk: chunks.contains(chunk) ? chunk : nil, since: request.sentAt)
        if error.breaksConnection, connections[request.connection] != nil {
            drop(request.connection, telling: true)
            yieldConnection(of: source, error, wasReady: true)
        }
        fill(request.connection)
    }

    mutating func stored(_ chunk: Int) {
        guard unstored.remove(chunk) else { return }
        remaining -= 1
        release(layout.length(ofChunk: chunk))
    }

    /// The first right answer for a chunk wins; whoever else was asked for it is told to stop.
    private mutating func accept(_ chunk: Int, _ length: Int, from source: Int, request: Int) {
        answered(source)
        sources[source].missesInARow = 0
        sources[source].acceptedSinceStrike += 1
        if sources[source].acceptedSinceStrike >= 64 {
            sources[source].acceptedSinceStrike = 0
            sources[source].strikes = max(0, sources[source].strikes - 1)
        }
        guard verified.insert(chunk) else {
            release(length)
            return
        }
        account.reports[source].chunks += 1
        account.reports[source].bytes += Int64(length)
        unstored.insert(chunk)
        if !chunkFailures.isEmpty { chunkFailures[chunk] = nil }
        if let loser = flights.removeValue(forKey: chunk)?.other(than: request) {
            nameOvertaken(loser)
            trim(loser)
        }
    }

    /// Takes from the end of a request what another source has given meanwhile. What lies before the end comes anyway.
    private mutating func trim(_ key: Int) {
        guard let request = requests[key] else { return }
        var chunks = request.chunks
        var bytes = 0
        while let last = chunks.last, verified.contains(last) {
            bytes += layout.length(ofChunk: last)
            chunks = chunks.dropLast()
        }
        guard bytes > 0 else { return }
        let arrived = max(0, request.arrived - (request.bytes - bytes))
        shorten(key, to: chunks, bytes: bytes, arrived: arrived)
        release(bytes)
        requests[key]?.isShortened = true
        if chunks.isEmpty {
            let left = bytes - arrived
            end(key, cancelling: true)
            connections[request.connection]?.draining += left
            if drainsTooLong(request.connection) { drop(request.connection, telling: true) }
            fill(request.connection)
        }
    }

    /// Whether what is cancelled would hold up a connection longer than a new connection takes.
    private func drainsTooLong(_ key: Int) -> Bool {
        guard let connection = connections[key] else { return false }
        let rate = connection.meter.current(at: now) ?? 0
        return Double(connection.draining) > rate * max(1, 4 * (connection.delay ?? 0))
    }

    // MARK: - Bookkeeping

    private mutating func arrive(_ bytes: Int, for key: Int) {
        guard let request = requests[key] else { return }
        let connection = request.connection
        requests[key]?.arrived += bytes
        outstanding -= bytes
        connections[connection]?.outstanding -= bytes
        connections[connection]?.draining = 0
        if request.awaitsFirstByte { firstByte(of: key) }
        let before = connections[connection]?.meter.rate ?? 0
        connections[connection]?.meter.add(bytes, at: now)
        totalRate += (connections[connection]?.meter.rate ?? 0) - before
    }

    private mutating func firstByte(of key: Int) {
        requests[key]?.awaitsFirstByte = false
        guard let request = requests[key], request.measuresDelay, let connection = connections[request.connection]
        else { return }
        let delay = min(now - request.sentAt, connection.delay ?? .infinity)
        connections[request.connection]?.delay = delay
        sources[connection.source].delay = min(delay, sources[connection.source].delay ?? .infinity)
    }

    /// Makes a request smaller by `bytes`, of which `arrived` have arrived. Memory is not touched.
    private mutating func shorten(_ key: Int, to chunks: Range<Int>, bytes: Int, arrived: Int) {
        guard let connection = requests[key]?.connection else { return }
        requests[key]?.chunks = chunks
        requests[key]?.bytes -= bytes
        requests[key]?.arrived -= arrived
        outstanding -= bytes - arrived
        connections[connection]?.outstanding -= bytes - arrived
    }

    /// Forgets a request. Its chunks are the caller's to give back.
    private mutating func end(_ key: Int, cancelling: Bool) {
        guard let request = requests.remove(key) else { return }
        let connection = request.connection
        outstanding -= request.left
        connections[connection]?.outstanding -= request.left
        connections[connection]?.requests.removeAll { $0 == key }
        if cancelling {
            actions.append(.cancel(RequestID(rawValue: key), on: ConnectionID(rawValue: connection)))
        }
        guard connections[connection]?.requests.isEmpty == true else { return }
        let before = connections[connection]?.meter.rate ?? 0
        connections[connection]?.meter.end(at: now)
        totalRate += (connections[connection]?.meter.rate ?? 0) - before
        connections[connection]?.idleSince = now
        if connections[connection]?.isRetiring == true { drop(connection, telling: true) }
    }

    /// Takes back all that is outstanding on a connection, without blame.
    mutating func takeBack(_ connection: Connection) {
        for key in connection.requests {
            guard let request = requests.remove(key) else { continue }
            outstanding -= request.left
            for chunk in request.chunks { giveBack(chunk, from: key) }
        }
    }

    /// A request no longer holds a chunk: it is pending again, unless another holds it or it has been verified.
    private mutating func giveBack(_ chunk: Int, from key: Int) {
        release(layout.length(ofChunk: chunk))
        guard let flight = flights[chunk] else { return }
        if let other = flight.other(than: key) {
            flights[chunk] = Flight(first: other)
        } else {
            flights[chunk] = nil
            makePending(chunk)
        }
    }

    private mutating func release(_ bytes: Int) {
        memoryUsed -= bytes
        memoryAppeared = true
    }
}

extension SourceError {
    /// Whether it does not heal within a job.
    var isFinal: Bool {
        switch self {
        case .tls, .forbidden, .corrupt: true
        default: false
        }
    }

    /// Whether what follows on the connection can no longer be told apart.
    fileprivate var breaksConnection: Bool {
        switch self {
        case .unreachable, .tls, .timeout, .closedEarly, .protocolViolation, .undecodable: true
        case .missing, .status, .corrupt, .forbidden: false
        }
    }
}
