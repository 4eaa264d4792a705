import FDLCore

/// Asking for chunks: which chunks a connection gets, and how many.
extension DownloadPlan {
    // MARK: - Asking

    /// Asks for chunks on a connection until it has enough outstanding.
    mutating func fill(_ key: Int) {
        reviewLife(of: key)
        guard let start = connections[key], start.isReady, !start.isRetiring else { return }
        let source = start.source
        guard sources[source].fetchAfter <= now else {
            connections[key]?.hunger = .work
            return agenda.wake(at: sources[source].fetchAfter)
        }
        // A stream is past it: the next connection begins with it.
        if start.stream == nil, let chunk = secondChance(of: source),
            memory.allows(length: layout.length(ofChunk: chunk)),
            sources[source].life.allowsRequest(asked: start.asked, due: start.requests.count)
        {
            send(chunk..<(chunk + 1), on: key)
        }
        let target = target(of: start)
        var hunger = Hunger.none
        while let connection = connections[key] {
            let isIdle = connection.requests.isEmpty
            guard isIdle || connection.outstanding < target,
                connection.requests.count < configuration.maximumRequestsPerConnection,
                connection.stream != nil
                    || sources[source].life.allowsRequest(asked: connection.asked, due: connection.requests.count)
            else { break }
            guard let candidate = candidate(on: connection) else {
                hunger = .work
                break
            }
            let length = layout.length(ofChunk: candidate.chunk)
            guard isIdle || connection.outstanding + length <= target else { break }
            guard memory.allows(length: length) else {
                hunger = .memory
                break
            }
            guard candidate.rank > 0 || !shouldLeave(candidate.chunk, length, key, connection) else {
                hunger = .work
                break
            }
            if let owner = candidate.owner, candidate.rank == 0, isForOwner(owner, length, connection) {
                agenda.wake(at: now + patience)
                hunger = .work
                break
            }
            let run = sources[source].kind == .mirror ? run(from: candidate.chunk, connection) : 1
            if candidate.isProbe { book.probes(source) }
            send(candidate.chunk..<(candidate.chunk + run), on: key)
        }
        connections.update(key) { $0.hunger = hunger }
        closeStream(ifDone: key)
        if hunger == .work, connections[key]?.requests.isEmpty == true { agenda.add(.idle) }
    }

    /// Fills the connections that have room for more requests: idle ones first, and the fastest of them first.
    mutating func feed() {
        agenda.beginFeeding()
        while let key = hungriest() {
            let feeding = agenda.feedings
            connections.update(key) { $0.lastFeeding = feeding }
            fill(key)
            if connections[key]?.hunger == .memory { return }
        }
    }

    private func hungriest() -> Int? {
        var best: (key: Int, isIdle: Bool, rate: Double)?
        for key in connectionKeys {
            // Check this field first: most connections have no hunger, and copying a whole connection is expensive.
            switch connections[key]?.hunger {
            case .memory where agenda.concerns.contains(.memory), .work where agenda.concerns.contains(.work): break
            default: continue
            }
            guard let connection = connections[key], connection.lastFeeding < agenda.feedings, connection.isReady
            else { continue }
            let isIdle = connection.requests.isEmpty
            // A connection whose rate is unknown goes first: it may be the fastest.
            let rate = connection.meter.rate ?? .infinity
            if let best, (best.isIdle ? 1 : 0, best.rate) >= (isIdle ? 1 : 0, rate) { continue }
            best = (key, isIdle, rate)
        }
        return best?.key
    }

    /// How many bytes a connection should have outstanding: twice what is under way at its rate and delay, so that the
    /// rate can grow if too few requests have held it down, and one chunk for the source to work on.
    private func target(of connection: Connection) -> Int {
        let unit = layout.chunkSize.bytes
        let source = sources[connection.source]
        if source.isSlow { return unit }
        if source.lackedInARow > 0 { return unit * min(2 + source.lackedInARow, 8) }
        guard let underWay = underWay(connection) else {
            // Nothing is measured yet: ask for a second chunk only if many are pending.
            return book.pendingBytes > Int64(4 * unit * connectionKeys.count) ? 2 * unit : unit
        }
        let runs = source.kind == .mirror ? 2 * runBytes(connection) : 2 * unit
        return min(memory.allowance, max(runs, unit + underWay))
    }

    /// Twice the product of the connection's rate and delay, in bytes, up to the memory limit; nil if they are unknown.
    private func underWay(_ connection: Connection) -> Int? {
        guard let rate = connection.meter.rate, let delay = connection.delay ?? sources[connection.source].delay
        else { return nil }
        return Int(min(2 * rate * delay, Double(memory.limit)))
    }

    /// Sets how much of the memory limit may be in use. Half is enough for short paths, even if the disk pauses for a
    /// moment. More is needed for many connections and for long paths, which have more bytes under way. On short paths
    /// more memory would only fill up while the disk is slow, and gain nothing.
    mutating func reviewMemory() {
        guard case .any = configuration.order else { return }
        let unit = layout.chunkSize.bytes
        var needed = 0
        for key in connectionKeys where needed < memory.limit {
            guard let connection = connections[key] else { continue }
            let delay = connection.delay ?? sources[connection.source].delay ?? 0
            needed += unit + max(unit, delay < configuration.longPath ? 0 : underWay(connection) ?? 0)
        }
        memory.allow(needed, chunkSize: unit)
    }

    /// Whether to leave a chunk to the other connections, because they will have fetched everything, including this
    /// chunk, before this connection could bring it.
    private func shouldLeave(_ chunk: Int, _ length: Int, _ key: Int, _ connection: Connection) -> Bool {
        guard let rate = connection.meter.rate, outstanding > connection.outstanding else { return false }
        let others = totalRate - rate
        guard others > 0 else { return false }
        let mine = connection.wait(for: length, rate: rate)
        let theirs = (Double(book.pendingBytes) + Double(outstanding - connection.outstanding)) / others
        guard mine > 1.1 * theirs else { return false }
        return isSooner(elsewhere: chunk, length, than: mine, except: key)
    }

    /// Whether another busy connection could bring a chunk within `time` seconds, even after all it has outstanding.
    func isSooner(elsewhere chunk: Int, _ length: Int, than time: Double, except key: Int, or victim: Int? = nil)
        -> Bool
    {
        connectionKeys.contains { other in
            guard other != key, other != victim, let connection = connections[other], connection.isReady,
                !connection.requests.isEmpty, !connection.isRetiring, connection.stream == nil,
                book.pending.allows(chunk, of: connection.source),
                sources[connection.source].fetchAfter <= now, let rate = connection.meter.current(at: now)
            else { return false }
            return 1.1 * connection.wait(for: length, rate: rate) < time
        }
    }

    /// The most bytes to ask a mirror for in one request, at least one chunk: about a second's worth, a fair share of
    /// the memory, and towards the end a share of what is left, so that all connections finish together.
    private func runBytes(_ connection: Connection) -> Int {
        let unit = layout.chunkSize.bytes
        guard let rate = connection.meter.rate, !sources[connection.source].isSlow else { return unit }
        let share = memory.allowance / (2 * max(1, connectionKeys.count))
        let end = totalRate > 0 ? Double(book.pendingBytes) * rate / totalRate / 4 : .infinity
        return max(unit, min(configuration.maximumRun, share, Int(min(rate, end, 1e12))))
    }

    private func run(from chunk: Int, _ connection: Connection) -> Int {
        let limit = min(runBytes(connection), memory.left) / layout.chunkSize.bytes
        let end = layout.chunks(ofFile: layout.file(ofChunk: chunk)).upperBound
        var count = 1
        guard !chances.isOpen(chunk, of: connection.source) else { return count }
        // Within its unit a mirror has all chunks in one request, whoever owns them; beyond it its own alone.
        let unit = book.pending.unit(of: chunk) ?? chunk..<end
        while count < limit, chunk + count < end, book.pending.contains(chunk + count),
            book.pending.allows(chunk + count, of: connection.source),
            !chances.isOpen(chunk + count, of: connection.source),
            unit.contains(chunk + count) || book.pending.haveOneOwner(chunk + count, chunk)
        {
            count += 1
        }
        return count
    }

    private mutating func send(_ chunks: Range<Int>, on key: Int) {
        let request = ask(for: chunks, on: key)
        book.send(chunks, by: request)
        connections.update(key) { $0.stream?.next = chunks.upperBound }
    }

    /// Sends a request for chunks. The caller has to update `book`.
    /// - Returns: the key of the request.
    mutating func ask(for chunks: Range<Int>, on key: Int) -> Int {
        let bytes = layout.bytes(of: chunks)
        for chunk in chunks { memory.take(length: layout.length(ofChunk: chunk)) }
        outstanding += bytes
        let isIdle = connections[key]?.requests.isEmpty ?? true
        let request = requests.insert(
            Request(connection: key, chunks: chunks, bytes: bytes, sentAt: now, measuresDelay: isIdle)
        )
        let now = now
        connections.update(key) { connection in
            connection.requests.append(request)
            connection.asked += 1
            connection.outstanding += bytes
            guard isIdle else { return }
            connection.meter.begin(at: now)
            connection.silentSince = now
        }
        agenda.act(action(RequestID(rawValue: request), chunks, on: key))
        return request
    }

    private func action(_ request: RequestID, _ chunks: Range<Int>, on key: Int) -> Action {
        let connection = ConnectionID(rawValue: key)
        if let source = connections[key]?.source, chances.isOpen(chunks.lowerBound, of: source) {
            return .revalidate(request, chunk: chunks.lowerBound, on: connection)
        }
        return .fetch(request, chunks: chunks, on: connection)
    }
}
