import FDLPlan

/// Counts what arrives from all sources, for a rate: a response tells of its bytes now and then, and of the rest of a
/// chunk by the chunk itself.
struct ReceivedBytes {
    /// In bytes. Never falls.
    private(set) var total: Int64 = 0
    /// By source. What comes of a request that the plan has given up belongs to none.
    private(set) var bySource: [Int64]
    /// By request, what it has told of that belongs to no complete chunk yet.
    private var told: [RequestID: Int] = [:]

    init(sources: Int) { bySource = Array(repeating: 0, count: sources) }

    /// - Parameters:
    ///   - source: of a request; nil if the plan does not know it any more.
    ///   - length: a chunk's, in bytes.
    mutating func note(
        _ event: DownloadPlan.Event,
        source: (RequestID) -> Int?,
        length: (_ chunk: Int) -> Int
    ) {
        switch event {
        case .progress(let id, let bytes):
            add(bytes, source(id))
            told[id, default: 0] += bytes
        case .verified(let id, let chunk):
            let length = length(chunk)
            let known = told.removeValue(forKey: id) ?? 0
            add(max(0, length - known), source(id))
            if known > length { told[id] = known - length }
        case .failed(let id, _, _):
            told[id] = nil
        default: break
        }
    }

    private mutating func add(_ bytes: Int, _ source: Int?) {
        total += Int64(bytes)
        if let source { bySource[source] += Int64(bytes) }
    }
}
