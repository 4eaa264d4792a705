import FDLCore

/// Charging faults to sources, and the consequences.
extension DownloadPlan {
    /// Enters a fault of a source in the ledger, then pauses the source, puts it aside, or excludes a chunk from it.
    /// - Parameters:
    ///   - chunk: the chunk it failed on, if any.
    ///   - since: when the failed request or connection was begun, in seconds.
    mutating func charge(_ source: Int, _ error: SourceError, chunk: Int?, since: Double) {
        if error.cause != .lacking || account.reports[source].lastError == nil {
            account.reports[source].lastError = error
        }
        switch error.cause {
        case .lacking, .forbidden(403):
            account.reports[source].lacked += 1
            sources[source].lackedInARow += 1
            answered(source)
            if let chunk { lacks(chunk, source) }
            if error.cause == .forbidden(403), sources[source].refusals.refuse() { putAside(source, .unusable) }
        case .corrupt:
            if let chunk { sentWrong(chunk, source) }
        case .tls, .forbidden:
            failed(source, error)
            putAside(source, .unusable)
        case .webPage, .redirects, .protocolViolation, .undecodable:
            failed(source, error)
            if sources[source].failures.strike(forgiving: configuration.strikesForgiven) {
                putAside(source, .quarantined)
            } else {
                excludeForNow(chunk, from: source)
                pause(source, since: since, retryAfter: nil)
            }
        case .status(_, let retryAfter):
            failed(source, error)
            excludeForNow(chunk, from: source)
            pause(source, since: since, retryAfter: retryAfter.map { $0 / .seconds(1) })
            sources[source].fetchAfter = sources[source].connectAfter
        case .proxy(let fault) where fault.isFinal:
            failed(source, error)
            putAside(source, .unusable)
        case .token(let fault) where fault.isFinal:
            failed(source, error)
            putAside(source, error.exitCode == .tls ? .unusable : .quarantined)
        case .token(let fault):
            failed(source, error)
            excludeForNow(chunk, from: source)
            pause(source, since: since, retryAfter: fault.retryAfter.map { $0 / .seconds(1) })
            sources[source].fetchAfter = sources[source].connectAfter
        case .unreachable, .timeout, .closedEarly, .proxy, .led:
            failed(source, error)
            excludeForNow(chunk, from: source)
            pause(source, since: since, retryAfter: nil)
        }
        // The connection to the source still stands, and would bring the next failure at once.
        if case .led = error {
            sources[source].fetchAfter = max(sources[source].fetchAfter, sources[source].connectAfter)
        }
    }

    private mutating func failed(_ source: Int, _ error: SourceError) {
        account.reports[source].failed += 1
        account.reports[source].lastFailure = error
    }

    /// Notes the reason for a source that has given next to nothing of a chunk by the time another source has given all
    /// of it. Nothing is charged, because the source has not timed out yet.
    mutating func nameOvertaken(_ key: Int) {
        guard let request = requests[key], let connection = connections[request.connection],
            let due = head(of: connection), due.arrived < 4096
        else { return }
        let silence = now - max(due.sentAt, connection.lastChunkAt)
        guard silence >= 1, account.reports[connection.source].lastError == nil else { return }
        account.reports[connection.source].lastError = .timeout(
            "hardly a byte in \(Int(silence)) s, in which another source gave the chunk"
        )
    }

    /// A reason to report for a source whose connections are all still being opened; nil for any other source.
    func silence(of source: Source) -> SourceError? {
        let waiting = source.connections.compactMap { connections[$0] }
        guard let first = waiting.first, waiting.allSatisfy({ !$0.isReady }), now - first.openedAt >= 1 else {
            return nil
        }
        return .timeout("no connection in \(Int(now - first.openedAt)) s")
    }

    /// Notes a good answer, which resets the count of failures in a row.
    mutating func answered(_ source: Int) {
        sources[source].hasAnswered = true
        sources[source].answeredAt = now
        sources[source].failures.answer()
        if sources[source].firstWorkAt == nil { sources[source].firstWorkAt = now }
    }

    mutating func pause(_ index: Int, since: Double, retryAfter: Double?) {
        sources[index].failures.fail(begunAt: since, at: now)
        let source = sources[index]
        guard
            !source.failures.isHopeless(
                at: now,
                lastByteAt: source.lastByteAt,
                anyContact: anyContact,
                configuration
            )
        else { return putAside(index, .givenUp) }
        let delay = backoff.delay(failures: source.failures.inARow, retryAfter: retryAfter, using: &generator)
        sources[index].connectAfter = max(source.connectAfter, now + delay)
        agenda.wake(at: sources[index].connectAfter)
    }

    /// Puts a source aside for the rest of the job.
    mutating func putAside(_ index: Int, _ standing: Standing) {
        guard sources[index].isLive else { return }
        sources[index].standing = standing
        for key in sources[index].connections { drop(key, telling: true) }
        book.retire(index)
        exclusions.remove(of: index)
        chances.remove(source: index)
    }

    // MARK: - Exclusions

    /// A worker lacks a chunk; a mirror that answers 404 lacks the whole file.
    private mutating func lacks(_ chunk: Int, _ source: Int) {
        guard sources[source].kind == .mirror else {
            excludeForGood(chunk, from: source)
            return book.lacks(chunk, source)
        }
        for chunk in layout.chunks(ofFile: layout.file(ofChunk: chunk)) { excludeForGood(chunk, from: source) }
    }

    mutating func excludeForGood(_ chunk: Int, from source: Int) {
        if !book.exclude(chunk, from: source) { exclusions.remove(chunk, of: source) }
    }

    private mutating func excludeForNow(_ chunk: Int?, from source: Int) {
        guard let chunk, book.exclude(chunk, from: source) else { return }
        agenda.wake(at: exclusions.add(chunk, of: source, at: now, using: &generator))
        agenda.add(.work)
    }

    /// Lifts the exclusions that have run out. If another source could be asked for the chunk at once, the exclusion is
    /// extended a few times to give that source precedence.
    mutating func liftExclusions() {
        guard !exclusions.isEmpty else { return }
        for var exclusion in exclusions.takeAll() {
            if exclusion.until <= now {
                guard exclusion.canBePostponed, couldAskAnother(exclusion) else {
                    book.allow(exclusion.chunk, of: exclusion.source)
                    continue
                }
                exclusion.postpone(at: now)
            }
            exclusions.keep(exclusion)
            agenda.wake(at: exclusion.until)
        }
    }

    private func couldAskAnother(_ exclusion: Exclusions.Exclusion) -> Bool {
        book.pending.contains(exclusion.chunk)
            && sources.indices.contains { index in
                index != exclusion.source && book.pending.allows(exclusion.chunk, of: index)
                    && sources[index].fetchAfter <= now
                    && isLetIn(by: sources[index])
            }
    }
}
