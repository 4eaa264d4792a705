import FDLCore
import Testing

@Suite("DownloadPlan")
struct DownloadPlanTests {
    @Test("asks a worker for one chunk at a time and finishes when all are stored")
    func smallest() throws {
        let layout = ChunkLayout(chunkSize: .standard(totalBytes: 0), fileSizes: [3 << 20])
        var plan = DownloadPlan(
            layout: layout,
            missing: ChunkSet(bound: 3, filled: true),
            sources: [.worker],
            configuration: .init(connectionsPerSource: 1),
            seed: 1
        )
        var queue = plan.start(at: .zero)
        var finished = false
        var steps = 0
        while !queue.isEmpty, steps < 100 {
            steps += 1
            let action = queue.removeFirst()
            let at = Duration.milliseconds(steps)
            switch action {
            case .connect(let id, _): queue += plan.handle(.connected(id), at: at)
            case .fetch(let id, let chunks, _):
                #expect(chunks.count == 1)
                queue += plan.handle(.verified(id, chunk: chunks.lowerBound), at: at)
                queue += plan.handle(.stored(chunk: chunks.lowerBound), at: at)
            case .finished: finished = true
            default: break
            }
        }
        #expect(finished)
        #expect(plan.ledger.reports[0].chunks == 3)
    }
}
