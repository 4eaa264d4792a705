import FDLCore

/// Mirrors without ranges: one response brings a whole file, and what is wanted of it is taken in ascending order.
extension DownloadPlan {
    /// A response with a whole file, of which chunks are taken as they come.
    struct Stream: Sendable {
        let file: Int
        /// The first chunk that can still be had from it.
        var next: Int
    }

    /// A mirror answers a request with the whole file. What was asked behind it is taken back, but for what lies behind
    /// it in the same file. A file comes from one such stream at a time, since a second one would bring the same bytes.
    mutating func rangesIgnored(_ key: Int, _ connectionKey: Int) {
        guard let connection = connections[connectionKey] else { return }
        sources[connection.source].ignoresRanges = true
        sources[connection.source].shrink(to: 1, until: .infinity)
        guard let chunks = requests[key]?.chunks, !chunks.isEmpty, connection.requests.first == key,
            !isStreamed(layout.file(ofChunk: chunks.lowerBound))
        else { return drop(connectionKey, telling: true) }
        var stream = Stream(file: layout.file(ofChunk: chunks.lowerBound), next: chunks.upperBound)
        var others: [Int] = []
        for other in connection.requests.dropFirst() {
            guard let chunks = requests[other]?.chunks, layout.file(ofChunk: chunks.lowerBound) == stream.file,
                chunks.lowerBound >= stream.next
            else {
                others.append(other)
                continue
            }
            stream.next = chunks.upperBound
        }
        connections[connectionKey]?.stream = stream
        takeBack(others)
    }

    /// Bytes before what is asked for have arrived: a sign of life, though of no use.
    mutating func readPast(_ key: Int, _ bytes: Int) {
        guard let request = requests[key], let source = connections[request.connection]?.source else { return }
        sources[source].lastByteAt = now
        requests[key]?.readPast += bytes
        connections[request.connection]?.silentSince = agenda.now
    }

    /// The chunk to ask for next on a connection.
    mutating func candidate(on connection: Connection) -> PendingChunks.Candidate? {
        guard sources[connection.source].ignoresRanges else { return book.next(for: connection.source) }
        if let stream = connection.stream {
            let end = layout.chunks(ofFile: stream.file).upperBound
            return firstPending(in: stream.next..<end, for: connection.source)
        }
        // Whether a stream comes of it is not known before the response's head.
        return connection.requests.isEmpty ? streamStart(for: connection.source) : nil
    }

    /// The first chunk that a new stream of a source would bring: none of a file that is streamed already.
    mutating func streamStart(for source: Int) -> PendingChunks.Candidate? {
        var candidate = book.next(for: source)
        while let chunk = candidate?.chunk {
            let file = layout.file(ofChunk: chunk)
            guard isStreamed(file) else { break }
            candidate = firstPending(in: layout.chunks(ofFile: file).upperBound..<layout.chunkCount, for: source)
        }
        return candidate
    }

    /// A stream with nothing more to give is closed, so that another can begin.
    mutating func closeStream(ifDone key: Int) {
        guard let connection = connections[key], connection.stream != nil, connection.requests.isEmpty,
            connection.hunger == .work, book.unadmitted?.isEmpty ?? true
        else { return }
        drop(key, telling: true)
    }

    private func isStreamed(_ file: Int) -> Bool {
        connectionKeys.contains { connections[$0]?.stream?.file == file }
    }

    private func firstPending(in chunks: Range<Int>, for source: Int) -> PendingChunks.Candidate? {
        guard !book.pending.isEmpty else { return nil }
        let found = chunks.first { book.pending.contains($0) && book.pending.allows($0, of: source) }
        return found.map { PendingChunks.Candidate(chunk: $0, rank: 0) }
    }
}
