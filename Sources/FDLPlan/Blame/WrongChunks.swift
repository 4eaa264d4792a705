import FDLCore

/// The chunks that one source has sent wrong, and what they come to.
///
/// One wrong chunk may be a cache that has gone bad, and one stale file a mirror that is being updated. More than that
/// is a source that is not worth asking.
struct WrongChunks: Sendable, Equatable {
    private var chunks: Set<Int> = []
    private var files: Set<Int> = []

    /// What follows from a wrong chunk.
    enum Verdict: Equatable {
        /// The source goes on being asked for the rest.
        case tolerated
        /// The mirror is not asked for this file any more.
        case fileEnds
        /// The source is not asked any more.
        case sourceEnds
    }

    var isEmpty: Bool { chunks.isEmpty }

    /// How many chunks have been wrong, each counted once however often it was.
    var count: Int { chunks.count }

    /// A chunk of `file` was wrong.
    mutating func add(_ chunk: Int, ofFile file: Int, kind: SourceKind) -> Verdict {
        let isNewChunk = chunks.insert(chunk).inserted
        let isNewFile = files.insert(file).inserted
        guard isNewChunk, chunks.count > 1 else { return .tolerated }
        return kind == .mirror && !isNewFile ? .fileEnds : .sourceEnds
    }
}
