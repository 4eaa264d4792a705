import FDLCore
import FDLPlan
import Testing

@testable import FDLClient

@Suite("What progress is made of")
struct ProgressCountTests {
    @Test func `What a chunk's request has told of is not counted again with the chunk`() {
        var received = ReceivedBytes(sources: 2)
        let (one, two) = (RequestID(rawValue: 1), RequestID(rawValue: 2))
        func note(_ event: DownloadPlan.Event) {
            received.note(event) {
                $0 == one ? 1 : nil
            } length: { _ in
                100
            }
        }
        note(.progress(one, bytes: 30))
        #expect(received.total == 30)
        note(.progress(two, bytes: 130))
        note(.verified(two, chunk: 0))
        #expect(received.total == 160)
        note(.verified(two, chunk: 1))
        #expect(received.total == 230)
        note(.verified(one, chunk: 2))
        #expect(received.total == 300)
        note(.failed(one, chunk: 3, .corrupt))
        note(.verified(one, chunk: 3))
        #expect(received.total == 400)
        // What the plan does not know any more belongs to no source.
        #expect(received.bySource == [0, 200])
    }

    @Test func `A file is complete with the last of its chunks, an empty one from the start`() throws {
        let size = try #require(ChunkSize(bytes: 65_536))
        let layout = ChunkLayout(chunkSize: size, fileSizes: [130_000, 0, 10, 65_536])
        var missing = ChunkSet(bound: layout.chunkCount, filled: true)
        missing.remove(2)
        var files = FileCount(layout, missing: missing)
        #expect(files.total == 4)
        #expect(files.complete == 2)
        files.add(0)
        #expect(files.complete == 2)
        files.add(1)
        files.add(3)
        #expect(files.complete == 4)
    }

    @Test func `A source that was named and gives again is told of, as often as it comes back`() {
        var troubles = Troubles()
        func down(_ chunks: Int) -> SourceReport {
            Self.report(.waiting(until: .zero), .unreachable(.refused), chunks: chunks)
        }
        func up(_ chunks: Int) -> SourceReport { Self.report(.active, .unreachable(.refused), chunks: chunks) }
        #expect(troubles.returned(in: [up(3)]).isEmpty)
        #expect(troubles.news(in: [down(3)], after: .zero).count == 1)
        #expect(troubles.returned(in: [up(3)]).isEmpty)
        #expect(troubles.returned(in: [down(4)]).isEmpty)
        #expect(troubles.returned(in: [up(4)]) == [0])
        #expect(troubles.returned(in: [up(5)]).isEmpty)
        #expect(troubles.news(in: [down(5)], after: .zero).count == 1)
        #expect(troubles.returned(in: [up(6)]) == [0])
    }

    private static func report(
        _ state: SourceState,
        _ error: SourceError?,
        chunks: Int = 0
    ) -> SourceReport {
        var report = SourceLedger(kinds: [.worker]).reports[0]
        report.state = state
        report.lastError = error
        report.chunks = chunks
        return report
    }

    @Test func `A source that waits is named at once and only once for a reason`() {
        var troubles = Troubles()
        let waiting = Self.report(.waiting(until: .zero), .unreachable(.refused))
        #expect(troubles.news(in: [waiting], after: .zero).map(\.source) == [0])
        #expect(troubles.news(in: [waiting], after: .seconds(1)).isEmpty)
        let silent = Self.report(.waiting(until: .zero), .timeout("no connection in 4 s"))
        #expect(troubles.news(in: [silent], after: .seconds(4)).count == 1)
        let longer = Self.report(.waiting(until: .zero), .timeout("no connection in 5 s"))
        #expect(troubles.news(in: [longer], after: .seconds(5)).isEmpty)
    }

    @Test func `One that does not answer is named after three seconds, one that works or is given up never`() {
        var troubles = Troubles()
        let untried = Self.report(.untried, .timeout("no connection in 2 s"))
        #expect(troubles.news(in: [untried], after: .seconds(2)).isEmpty)
        #expect(troubles.news(in: [untried], after: .seconds(3)).count == 1)
        for state in [SourceState.active, .slow, .givenUp, .quarantined, .unusable] {
            var troubles = Troubles()
            #expect(troubles.news(in: [Self.report(state, .unreachable(.refused))], after: .seconds(9)).isEmpty)
        }
        #expect(troubles.news(in: [Self.report(.waiting(until: .zero), .lacking)], after: .seconds(9)).isEmpty)
    }

    @Test func `One that comes and goes is not named for ever`() {
        var troubles = Troubles()
        let reasons = ["a", "b", "c", "d", "e"]
        let told = reasons.flatMap { reason in
            troubles.news(in: [Self.report(.waiting(until: .zero), .closedEarly(reason))], after: .zero)
        }
        #expect(told.count == 3)
    }
}
