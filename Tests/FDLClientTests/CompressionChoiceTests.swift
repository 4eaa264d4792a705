import Testing

@testable import FDLClient

@Suite struct CompressionChoiceTests {
    @Test func asksOnSlowConnectionsOnly() {
        var choice = CompressionChoice(mode: .auto)
        let atFirst = choice.nextIsCompressed()
        #expect(!atFirst)
        choice.observe(bytes: 100 << 20, in: .seconds(1), wasAsked: false, encoding: nil)
        let whenFast = choice.nextIsCompressed()
        #expect(!whenFast)
        for _ in 0..<20 { choice.observe(bytes: 1 << 20, in: .seconds(1), wasAsked: false, encoding: nil) }
        let whenSlow = choice.nextIsCompressed()
        #expect(whenSlow)
    }

    @Test func pausesWhereNothingShrinks() {
        var choice = CompressionChoice(mode: .auto)
        choice.observe(bytes: 1 << 20, in: .seconds(1), wasAsked: false, encoding: nil)
        for _ in 0..<3 {
            let asks = choice.nextIsCompressed()
            #expect(asks)
            choice.observe(bytes: 1 << 20, in: .seconds(1), wasAsked: true, encoding: nil)
        }
        let next = (0..<33).map { _ in choice.nextIsCompressed() }
        #expect(next == Array(repeating: false, count: 32) + [true])
    }

    @Test func obeysTheUser() {
        var always = CompressionChoice(mode: .always)
        var never = CompressionChoice(mode: .never)
        let asked = (always.nextIsCompressed(), never.nextIsCompressed())
        #expect(asked == (true, false))
    }
}
