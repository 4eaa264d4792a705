/// Whose a chunk is, and what a source is asked for when it has none of its own left.
extension PendingChunks {
    /// The chunk to ask a source for next: its own, then others', then those that nobody is taken to hold.
    mutating func nextByAffinity(for source: Int) -> Candidate? {
        if let chunk = owned.first(of: source) { return Candidate(chunk: chunk, rank: rank(of: chunk)) }
        if let chunk = ofOthers(for: source) ?? firstOpen(for: source) {
            return Candidate(chunk: chunk, rank: rank(of: chunk), owner: owned.owner(of: chunk))
        }
        guard holdings.end(of: source) < .max, holdings.mayBeProbed(source), let chunk = probe(for: source) else {
            return nil
        }
        return Candidate(chunk: chunk, rank: rank(of: chunk), isProbe: true)
    }

    /// A chunk of another source: one that belongs to `source` next, so that all readers agree on it and the publisher
    /// may have placed it there; or else one of the source that has most. From the end, for the owner begins at the
    /// start.
    private mutating func ofOthers(for source: Int) -> Int? {
        if let chunk = owned.lastAsSecond(of: source) { return start(of: chunk, for: source) }
        guard let ranking, fruitless[source] != owned.generation, let richest = owned.richest(except: source) else {
            return nil
        }
        let end = holdings.end(of: source)
        var looks = Self.mostLooks(fruitless.count)
        var isHeld = false
        var donor = richest
        repeat {
            let chunk = owned.search(donor) { chunk in
                looks -= 1
                isHeld = allows(chunk, of: source) && (end == .max || ranking.place(of: source, for: chunk) < end)
                return isHeld || looks <= 0
            }
            if isHeld, let chunk { return start(of: chunk, for: source) }
            donor = (donor + 1) % fruitless.count
        } while donor != richest && looks > 0
        if looks > 0 { fruitless[source] = owned.generation }
        return nil
    }

    /// So many chunks of others are looked at for one that a source is taken to hold. The rest waits for its owners:
    /// to look at all would take as many steps as there are chunks and sources.
    private static func mostLooks(_ sourceCount: Int) -> Int { max(8, 512 / sourceCount) }

    /// Any chunk of another source that `source` may be asked for, though it is taken to lack it.
    private func probe(for source: Int) -> Int? {
        var donor = owned.richest(except: source)
        let first = donor
        while let current = donor {
            if current != source, let chunk = owned.search(current, isFound: { allows($0, of: source) }) {
                return start(of: chunk, for: source)
            }
            let next = (current + 1) % fruitless.count
            donor = next == first ? nil : next
        }
        return nil
    }

    /// For a mirror, where the stretch of pending chunks begins that `chunk` ends.
    private func start(of chunk: Int, for source: Int) -> Int {
        guard let ranking, ranking.isMirror(source) else { return chunk }
        let unit = ranking.unit(of: chunk)
        var start = chunk
        while start > unit.lowerBound, owned.owner(of: start - 1) == owned.owner(of: chunk),
            allows(start - 1, of: source)
        {
            start -= 1
        }
        return start
    }

    /// Which chunks around `chunk` a mirror is asked for together with it.
    /// - Returns: the bounds of its run; nil if there are none.
    func unit(of chunk: Int) -> Range<Int>? { ranking?.unit(of: chunk) }

    /// Whether two pending chunks have one owner.
    func haveOneOwner(_ chunk: Int, _ other: Int) -> Bool {
        ranking == nil || owned.owner(of: chunk) == owned.owner(of: other)
    }

    // MARK: - Owners

    /// Gives a pending chunk its owner.
    mutating func assign(_ chunk: Int) {
        if let (owner, second) = owners(of: chunk) {
            owned.insert(chunk, owner: owner, second: second, isRare: rank(of: chunk) > 0)
        } else {
            open.insert(chunk)
        }
    }

    /// The sources that a chunk belongs to most of those that may be asked for it and are taken to hold it.
    private func owners(of chunk: Int) -> (first: Int, second: Int?)? {
        ranking?.firstTwo(of: chunk) { source in
            guard allows(chunk, of: source) else { return false }
            let end = holdings.end(of: source)
            return end == .max || isBelow(end, source, chunk)
        }
    }

    private func isBelow(_ end: Int, _ source: Int, _ chunk: Int) -> Bool {
        ranking.map { $0.place(of: source, for: chunk) < end } ?? true
    }

    /// Who may be asked for a chunk has changed.
    mutating func reassign(_ chunk: Int) {
        guard ranking != nil, contains(chunk) else { return }
        if !owned.remove(chunk) { open.remove(chunk) }
        assign(chunk)
    }

    /// What is said of a source has changed: some of its chunks may have another owner.
    mutating func reassignAll(of source: Int) {
        guard ranking != nil else { return }
        for chunk in owned.all(of: source) { reassign(chunk) }
    }

    // MARK: - Who holds what

    /// A source has answered that it lacks a chunk.
    mutating func lacks(_ chunk: Int, _ source: Int) {
        guard let known = ranking, !known.isMirror(source) else { return }
        let ranking = known.byChunk ?? known
        let isNews = holdings.lacks(source, place: ranking.place(of: source, for: chunk))
        if ranking !== known {
            // The first time: from now on a publisher may have placed each chunk by itself.
            self.ranking = ranking
            for chunk in 0..<bound { reassign(chunk) }
        } else if isNews {
            reassignAll(of: source)
        }
    }

    /// A source has given a chunk.
    mutating func gave(_ chunk: Int, _ source: Int) {
        guard let ranking, !holdings.areComplete else { return }
        if holdings.gave(source, place: ranking.place(of: source, for: chunk)) { fruitless[source] = -1 }
    }

    /// Whether a chunk belongs to one source more than to another.
    func belongs(_ chunk: Int, to source: Int, moreThanTo other: Int) -> Bool {
        guard let ranking else { return false }
        return ranking.place(of: source, for: chunk) < ranking.place(of: other, for: chunk)
    }

    /// Whether a source is taken to lack a chunk.
    func isDoubtful(_ chunk: Int, of source: Int) -> Bool {
        guard let ranking, holdings.end(of: source) < .max else { return false }
        return ranking.place(of: source, for: chunk) >= holdings.end(of: source)
    }
}
