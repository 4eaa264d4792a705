import FDLPlan

/// Counts what arrives from all sources, for a rate: a response tells of its bytes now and then, and of the rest of a
/// chunk by the chunk itself.
struct ReceivedBytes {
    /// In bytes. Never falls.
    private(set) var total: Int64 = 0
    /// By request, what it has told of that belongs to no complete chunk yet.
    private var told: [RequestID: Int] = [:]

    /// - Parameter length: a chunk's, in bytes.
    mutating func note(_ event: DownloadPlan.Event, length: (_ chunk: Int) -> Int) {
        switch event {
        case .progress(let id, let bytes):
            total += Int64(bytes)
            told[id, default: 0] += bytes
        case .verified(let id, let chunk):
            let length = length(chunk)
            let known = told.removeValue(forKey: id) ?? 0
            total += Int64(max(0, length - known))
            if known > length { told[id] = known - length }
        case .failed(let id, _, _):
            told[id] = nil
        default: break
        }
    }
}
