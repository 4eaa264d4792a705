import FDLCore

/// Wrong chunks: who is asked again, and who is not asked any more.
extension DownloadPlan {
    /// A source has sent a chunk wrong. A cache that has gone bad heals when it is asked past what it holds: a source
    /// that has been right so far is asked again at once, any other one after all others.
    mutating func sentWrong(_ chunk: Int, _ source: Int) {
        let file = layout.file(ofChunk: chunk)
        let wasRight = sources[source].wrong.isEmpty && account.reports[source].chunks > 0
        let verdict = sources[source].wrong.add(chunk, ofFile: file, kind: sources[source].kind)
        account.reports[source].corrupt = sources[source].wrong.count
        switch verdict {
        case .sourceEnds:
            excludeForGood(chunk, from: source)
            putAside(source, .quarantined)
        case .fileEnds: endFile(file, of: source)
        case .tolerated: grantSecondChance(chunk, source, atOnce: wasRight)
        }
    }

    private mutating func grantSecondChance(_ chunk: Int, _ source: Int, atOnce: Bool) {
        guard !book.verified.contains(chunk) else { return }
        guard !chances.contains(chunk, of: source) else {
            chances.remove(chunk, of: source)
            return excludeForGood(chunk, from: source)
        }
        chances.add(chunk, of: source)
        if atOnce {
            chances.open(.init(chunk: chunk, source: source))
        } else {
            excludeForGood(chunk, from: source)
        }
    }

    /// Nothing of a file is asked of a mirror any more: it has another one of that name.
    private mutating func endFile(_ file: Int, of source: Int) {
        let chunks = layout.chunks(ofFile: file)
        guard chunks.count < layout.chunkCount else { return putAside(source, .quarantined) }
        for chunk in chunks {
            chances.remove(chunk, of: source)
            excludeForGood(chunk, from: source)
        }
        let affected = sources[source].connections.filter { key in
            connections[key]?.requests.contains { requests[$0]?.chunks.overlaps(chunks) ?? false } ?? false
        }
        for key in affected { drop(key, telling: true) }
    }

    /// Opens the second chances of chunks that no other source may be asked for.
    mutating func openSecondChances() {
        guard !chances.isEmpty, book.pending.blockedCount > 0 else { return }
        for chance in chances.waiting where book.pending.contains(chance.chunk) {
            guard !sources.indices.contains(where: { book.pending.allows(chance.chunk, of: $0) }) else { continue }
            chances.open(chance)
            book.allow(chance.chunk, of: chance.source)
            agenda.add(.work)
        }
    }

    /// The chunk that a source is to be asked for past the caches, before anything else.
    func secondChance(of source: Int) -> Int? {
        chances.first(of: source) { book.pending.contains($0) && book.pending.allows($0, of: source) }
    }
}
