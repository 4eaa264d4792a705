import FDLCore

/// What one simulated source has sent wrong, and what must not be asked of it any more. Written anew from the rules of
/// docs/scheduling.md, so as to watch over the plan.
struct WrongAnswers {
    let kind: SourceKind
    var rotten: ChunkSet?
    let layout: ChunkLayout
    private var counts: [Int: Int] = [:]

    init(kind: SourceKind, rotten: ChunkSet?, layout: ChunkLayout) {
        self.kind = kind
        self.rotten = rotten
        self.layout = layout
    }

    /// Whether the chunk comes wrong out of the cache. Asked for past it, the cache heals.
    mutating func takes(_ chunk: Int, pastCaches: Bool) -> Bool {
        if pastCaches { rotten?.remove(chunk) }
        return rotten?.contains(chunk) == true
    }

    mutating func add(_ chunk: Int) { counts[chunk, default: 0] += 1 }

    /// It has lost the right to be asked.
    var isEnded: Bool {
        guard counts.count > 1 else { return false }
        guard kind == .mirror else { return true }
        return wrongFiles.count > 1 || layout.chunks(ofFile: wrongFiles[0]).count == layout.chunkCount
    }

    private var wrongFiles: [Int] { Set(counts.keys.map(layout.file(ofChunk:))).sorted() }

    func violations(asking chunks: Range<Int>, pastCaches: Bool) -> [String] {
        var found: [String] = []
        if isEnded { found.append("asks a quarantined source") }
        for chunk in chunks {
            let file = layout.chunks(ofFile: layout.file(ofChunk: chunk))
            if counts.keys.count(where: file.contains) > 1 { found.append("asks for a file that is wrong") }
            switch counts[chunk] ?? 0 {
            case 0: if pastCaches { found.append("passes caches without need") }
            case 1: if !pastCaches { found.append("asks again for what the cache has") }
            default: found.append("asks a third time for a wrong chunk")
            }
        }
        return found
    }
}
