import FDLCore
import FDLCrypto
import FDLPlan
import Glibc

/// Runs a whole download through `DownloadPlan` with sources that answer at once, one request after another over all
/// connections in turn.
enum PlanDrive {
    private struct Request {
        let id: RequestID
        var chunks: Range<Int>
    }

    /// As even as digests are.
    private static func ranking(_ layout: ChunkLayout, sources: Int) -> Ranking {
        let digests = (0..<(layout.chunkCount + sources)).map { number in
            withUnsafeBytes(of: UInt64(number)) { SHA256Digest(hashing: $0) }
        }
        return Ranking(
            layout: layout,
            digests: Array(digests.prefix(layout.chunkCount)),
            sources: (0..<sources).map { number in
                let key = Affinity.Key(url: "https://\(number)/", digest: digests[layout.chunkCount + number])
                return (key, number % 2 == 0 ? .worker : .mirror)
            }
        )
    }

    /// - Parameter mebibytes: the plan's memory. With little of it each chunk is asked for by itself, and for the room
    ///   of each that is stored a connection is looked for that has waited.
    /// - Returns: microseconds per chunk handed out, and per event.
    static func measure(chunks: Int, sources: Int, mebibytes: Int) -> String {
        let chunkSize = ChunkSize.standard(totalBytes: 0)
        let layout = ChunkLayout(chunkSize: chunkSize, fileSizes: [Int64(chunks) * Int64(chunkSize.bytes)])
        var plan = DownloadPlan(
            layout: layout,
            missing: ChunkSet(bound: chunks, filled: true),
            sources: (0..<sources).map { $0 % 2 == 0 ? .worker : .mirror },
            ranking: ranking(layout, sources: sources),
            configuration: .init(memoryLimit: mebibytes << 20),
            seed: 4
        )
        var stored = 0
        var events = 0
        let seconds = Clock.threadCPU.time {
            var time = Duration.zero
            var waiting: [Request] = []
            var actions = plan.start(at: time)
            var opening: [ConnectionID] = []
            while true {
                for action in actions {
                    switch action {
                    case .connect(let id, _): opening.append(id)
                    case .fetch(let id, let chunks, _): waiting.append(Request(id: id, chunks: chunks))
                    case .finished, .failed: return
                    case .revalidate, .cancel, .disconnect, .wake: break
                    }
                }
                time += .microseconds(100)
                events += 1
                if let id = opening.popLast() {
                    actions = plan.handle(.connected(id), at: time)
                } else if !waiting.isEmpty {
                    // Any order will do, and the last is the cheapest to take.
                    let last = waiting.count - 1
                    let (id, chunk) = (waiting[last].id, waiting[last].chunks.lowerBound)
                    waiting[last].chunks.removeFirst()
                    if waiting[last].chunks.isEmpty { waiting.removeLast() }
                    actions = plan.handle(.verified(id, chunk: chunk), at: time)
                    actions += plan.handle(.stored(chunk: chunk), at: time)
                    events += 1
                    stored += 1
                } else {
                    actions = plan.handle(.tick, at: time)
                }
            }
        }
        return "\(fixed(seconds * 1e6 / Double(max(1, stored)))) \(fixed(seconds * 1e6 / Double(max(1, events))))"
    }
}
