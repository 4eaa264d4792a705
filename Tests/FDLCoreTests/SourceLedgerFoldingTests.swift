import Testing

@testable import FDLCore

@Suite("The addresses of a source in one account")
struct FoldedLedgerTests {
    private func ledger(_ changes: ((inout SourceReport) -> Void)...) -> SourceLedger {
        var ledger = SourceLedger(kinds: changes.map { _ in .worker })
        for (index, change) in changes.enumerated() { change(&ledger.reports[index]) }
        return ledger
    }

    private func good(_ report: inout SourceReport) {
        report.chunks = 3
        report.bytes = 300
        report.rate = 10
        report.state = .active
    }

    private func dead(_ report: inout SourceReport) {
        report.failed = 8
        report.lastError = .unreachable(.refused)
        report.lastFailure = .unreachable(.refused)
        report.state = .givenUp
    }

    private func lying(_ report: inout SourceReport) {
        report.corrupt = 2
        report.lastError = .corrupt
        report.state = .quarantined
    }

    @Test("One address a source: the account as it is")
    func single() {
        let ledger = ledger(good, dead, lying)
        #expect(ledger.folded(by: [0, 1, 2]) == ledger)
    }

    @Test("An address where nobody answers is no fault of a source that answers elsewhere")
    func deadOne() {
        let folded = ledger(dead, good).folded(by: [0, 0])[SourceID(rawValue: 0)]
        #expect(folded.failed == 0)
        #expect(folded.lastError == nil)
        #expect(folded.lastFailure == nil)
        #expect(folded.state == .active)
        #expect(folded.chunks == 3)
    }

    @Test("Wrong bytes are named, and the source goes on at its other addresses")
    func lyingOne() {
        let folded = ledger(good, lying, dead, good).folded(by: [0, 0, 0, 1])
        #expect(folded.reports.count == 2)
        #expect(folded.reports[0].corrupt == 2)
        #expect(folded.reports[0].lastError == .corrupt)
        #expect(folded.reports[0].state == .active)
        #expect(folded.reports[0].rate == 10)
        #expect(folded.reports[1].source == SourceID(rawValue: 1))
    }

    @Test("With its last address the source has ended")
    func allEnded() {
        #expect(ledger(dead, lying).folded(by: [0, 0]).reports[0].state == .quarantined)
        #expect(ledger(dead, dead).folded(by: [0, 0]).reports[0].state == .givenUp)
        #expect(ledger(dead, dead).folded(by: [0, 0]).reports[0].failed == 16)
        #expect(ledger(dead, dead).folded(by: [0, 0]).reports[0].lastFailure == .unreachable(.refused))
    }
}
