import FDLCore

/// Handling of answers, and the bookkeeping for requests.
extension DownloadPlan {
    mutating func began(_ key: Int) {
        guard let request = requests[key], request.awaitsFirstByte else { return }
        firstByte(of: key)
        let now = now
        connections.update(request.connection) { connection in
            connection.meter.firstByte(at: now)
            connection.silentSince = now
        }
    }

    mutating func progressed(_ key: Int, _ bytes: Int) {
        guard let request = requests[key], bytes > 0 else { return }
        if let source = connections[request.connection]?.source { sources[source].lastByteAt = now }
        arrive(min(bytes, request.left), for: key)
    }

    mutating func verified(_ key: Int, _ chunk: Int) {
        guard let request = requests[key], request.chunks.contains(chunk),
            let source = connections[request.connection]?.source
        else { return }
        let skipped = request.chunks.lowerBound..<chunk
        if !skipped.isEmpty {
            // Chunks should come in order. Those that the caller has skipped are asked for again.
            let bytes = layout.bytes(of: skipped)
            shorten(key, to: chunk..<request.chunks.upperBound, bytes: bytes, arrived: min(bytes, request.arrived))
            for chunk in skipped { giveBack(chunk, from: key) }
        }
        let length = layout.length(ofChunk: chunk)
        // If the answer was compressed, fewer bytes have arrived than the chunk has.
        if let arrived = requests[key]?.arrived, arrived < length { arrive(length - arrived, for: key) }
        shorten(key, to: (chunk + 1)..<request.chunks.upperBound, bytes: length, arrived: length)
        let now = now
        connections.update(request.connection) { connection in
            connection.hasServed = true
            connection.lastChunkAt = now
            connection.silentSince = now
        }
        accept(chunk, length, from: source, request: key)
        if requests[key]?.chunks.isEmpty == true { end(key, cancelling: requests[key]?.isShortened == true) }
        fill(request.connection)
    }

    mutating func failed(_ key: Int, _ chunk: Int, _ error: SourceError) {
        guard let request = requests[key], let source = connections[request.connection]?.source else { return }
        let chunks = request.chunks
        end(key, cancelling: false)
        for chunk in chunks { giveBack(chunk, from: key) }
        connections[request.connection]?.silentSince = agenda.now
        // A whole answer has come, be it wrong.
        if error.cause == .lacking || error.cause == .corrupt { connections[request.connection]?.hasServed = true }
        if yieldToRationing(request.connection, of: source, error, since: request.sentAt) {
            return fill(request.connection)
        }
        // What is wrong counts also for a chunk that another source has given meanwhile.
        let isCharged = chunks.contains(chunk) || error.cause == .corrupt && (0..<layout.chunkCount).contains(chunk)
        charge(source, error, chunk: isCharged ? chunk : nil, since: request.sentAt)
        if error.breaksConnection, connections[request.connection] != nil {
            drop(request.connection, telling: true)
            yieldConnection(of: source, error, wasReady: true)
        }
        fill(request.connection)
    }

    mutating func stored(_ chunk: Int) {
        if book.store(chunk) { release(length: layout.length(ofChunk: chunk)) }
    }

    /// Accepts a verified chunk. The first copy counts; a request to another source for the same chunk is trimmed.
    private mutating func accept(_ chunk: Int, _ length: Int, from source: Int, request: Int) {
        answered(source)
        sources[source].lackedInARow = 0
        sources[source].refusals.accept()
        sources[source].failures.accept()
        book.gave(chunk, source)
        guard case .first(let isStored, let loser) = book.verify(chunk, by: request) else {
            return release(length: length)
        }
        account.reports[source].chunks += 1
        account.reports[source].bytes += Int64(length)
        if isStored { release(length: length) }
        exclusions.forgetFailures(of: chunk)
        chances.remove(chunk: chunk)
        if let loser {
            nameOvertaken(loser)
            trim(loser)
        }
    }

    /// Removes chunks that another source has given meanwhile from the end of a request. Those in the middle cannot be
    /// removed, because they come before chunks that are still wanted.
    private mutating func trim(_ key: Int) {
        guard let request = requests[key] else { return }
        var chunks = request.chunks
        var bytes = 0
        while let last = chunks.last, book.verified.contains(last) {
            let length = layout.length(ofChunk: last)
            bytes += length
            release(length: length)
            chunks = chunks.dropLast()
        }
        guard bytes > 0 else { return }
        let arrived = max(0, request.arrived - (request.bytes - bytes))
        shorten(key, to: chunks, bytes: bytes, arrived: arrived)
        requests[key]?.isShortened = true
        if chunks.isEmpty {
            let left = bytes - arrived
            end(key, cancelling: true)
            connections[request.connection]?.draining += left
            if drainsTooLong(request.connection) { drop(request.connection, telling: true) }
            fill(request.connection)
        }
    }

    /// Whether reading past cancelled answers would take longer than opening a new connection.
    private func drainsTooLong(_ key: Int) -> Bool {
        guard let connection = connections[key] else { return false }
        let rate = connection.meter.current(at: now) ?? 0
        return Double(connection.draining) > rate * max(1, 4 * (connection.delay ?? 0))
    }

    // MARK: - Bookkeeping

    private mutating func arrive(_ bytes: Int, for key: Int) {
        guard let request = requests[key] else { return }
        if request.awaitsFirstByte { firstByte(of: key) }
        requests.update(key) { $0.arrived += bytes }
        outstanding -= bytes
        let now = now
        measure(request.connection) { connection in
            connection.outstanding -= bytes
            connection.draining = 0
            connection.silentSince = now
            connection.meter.add(bytes, at: now)
        }
    }

    /// Changes a connection, and adjusts `totalRate` by the change of its rate.
    private mutating func measure(_ key: Int, _ change: (inout Connection) -> Void) {
        var gain = 0.0
        connections.update(key) { connection in
            let before = connection.meter.rate ?? 0
            change(&connection)
            gain = (connection.meter.rate ?? 0) - before
        }
        totalRate += gain
    }

    private mutating func firstByte(of key: Int) {
        requests[key]?.awaitsFirstByte = false
        guard let request = requests[key], request.measuresDelay, let connection = connections[request.connection]
        else { return }
        let delay = min(now - request.sentAt, connection.delay ?? .infinity)
        connections[request.connection]?.delay = delay
        sources[connection.source].delay = min(delay, sources[connection.source].delay ?? .infinity)
    }

    /// Reduces a request to `chunks`, which have `bytes` fewer, of which `arrived` have arrived. The memory budget is
    /// not touched.
    private mutating func shorten(_ key: Int, to chunks: Range<Int>, bytes: Int, arrived: Int) {
        guard let connection = requests[key]?.connection else { return }
        requests.update(key) { request in
            request.chunks = chunks
            request.bytes -= bytes
            request.arrived -= arrived
        }
        outstanding -= bytes - arrived
        connections.update(connection) { $0.outstanding -= bytes - arrived }
    }

    /// Removes a request. The caller has to give its chunks back.
    private mutating func end(_ key: Int, cancelling: Bool) {
        guard let request = requests.remove(key) else { return }
        let connection = request.connection
        outstanding -= request.left
        if cancelling {
            agenda.act(.cancel(RequestID(rawValue: key), on: ConnectionID(rawValue: connection)))
        }
        var isDone = false
        let now = now
        measure(connection) { connection in
            connection.outstanding -= request.left
            connection.requests.removeAll { $0 == key }
            guard connection.requests.isEmpty else { return }
            connection.meter.end(at: now)
            connection.idleSince = now
            isDone = connection.isRetiring
        }
        if isDone { drop(connection, telling: true) }
    }

    /// Gives back all chunks outstanding on a connection, without blame.
    mutating func takeBack(_ connection: Connection) {
        for key in connection.requests {
            guard let request = requests.remove(key) else { continue }
            outstanding -= request.left
            for chunk in request.chunks { giveBack(chunk, from: key) }
        }
    }

    /// Takes back requests of a connection that goes on, without blame. Of their answers nothing will be told.
    mutating func takeBack(_ keys: [Int]) {
        for key in keys {
            let chunks = requests[key]?.chunks
            end(key, cancelling: false)
            for chunk in chunks ?? 0..<0 { giveBack(chunk, from: key) }
        }
    }

    /// Notes that a request will not bring a chunk: releases its memory and makes it pending again if need be.
    private mutating func giveBack(_ chunk: Int, from key: Int) {
        release(length: layout.length(ofChunk: chunk))
        if book.giveBack(chunk, from: key) { agenda.add(.work) }
    }

    private mutating func release(length: Int) {
        memory.release(length: length)
        agenda.add(.memory)
    }
}
