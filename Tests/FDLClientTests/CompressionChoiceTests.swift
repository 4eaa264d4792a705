import FDLCompression
import Testing

@testable import FDLClient

@Suite struct CompressionChoiceTests {
    /// A body of 1 MiB that arrives at a rate, in bytes a second.
    private func arrival(at rate: Double, bytes: Int = 1 << 20) -> CompressionChoice.Arrival {
        let later = bytes - bytes / 16
        return .init(length: bytes, later: later, time: .seconds(1) * (Double(later) / rate))
    }

    /// One that a single read has brought.
    private func atOnce(_ bytes: Int) -> CompressionChoice.Arrival {
        .init(length: bytes, later: 0, time: .microseconds(20))
    }

    /// What the next `count` chunks are asked for, without an answer.
    private func next(_ count: Int, _ choice: inout CompressionChoice) -> [Bool] {
        (0..<count).map { _ in choice.nextIsCompressed() }
    }

    @Test func `until a chunk has come, they are plain`() {
        var choice = CompressionChoice(mode: .auto)
        #expect(next(3, &choice) == [false, false, false])
    }

    @Test func `a fast network is asked for plain chunks, a slow one for compressed ones`() {
        var choice = CompressionChoice(mode: .auto)
        choice.observe(arrival(at: 100e6), wasAsked: false, encoding: nil)
        #expect(next(2, &choice) == [false, false])
        for _ in 0..<20 { choice.observe(arrival(at: 1e6), wasAsked: false, encoding: nil) }
        #expect(next(2, &choice) == [true, true])
    }

    @Test func `a worker that takes its time to compress is no slow network`() {
        var choice = CompressionChoice(mode: .auto)
        choice.observe(arrival(at: 12e6), wasAsked: false, encoding: nil)
        #expect(next(1, &choice) == [true])
        // However long it takes until the body begins.
        choice.observe(arrival(at: 400e6, bytes: 300_000), wasAsked: true, encoding: .gzip)
        choice.observe(arrival(at: 400e6, bytes: 300_000), wasAsked: true, encoding: .gzip)
        choice.observe(arrival(at: 400e6, bytes: 300_000), wasAsked: true, encoding: .gzip)
        choice.observe(arrival(at: 400e6, bytes: 300_000), wasAsked: true, encoding: .gzip)
        #expect(next(1, &choice) == [false])
    }

    @Test func `a plain body that comes at once is fast, a compressed one says nothing`() {
        var choice = CompressionChoice(mode: .auto)
        choice.observe(arrival(at: 2e6, bytes: 1000), wasAsked: false, encoding: nil)
        choice.observe(atOnce(10_000), wasAsked: true, encoding: .gzip)
        #expect(next(1, &choice) == [true])
        choice.observe(atOnce(64 << 10), wasAsked: false, encoding: nil)
        #expect(next(1, &choice) == [false])
    }

    @Test func `where compressed bodies say nothing, a plain one is asked for, and ever more seldom`() {
        var choice = CompressionChoice(mode: .auto)
        choice.observe(arrival(at: 2e6), wasAsked: false, encoding: nil)
        var plain: [Int] = []
        for chunk in 0..<100 {
            let isCompressed = choice.nextIsCompressed()
            if !isCompressed { plain.append(chunk) }
            choice.observe(
                isCompressed ? atOnce(9_000) : arrival(at: 2e6),
                wasAsked: isCompressed,
                encoding: isCompressed ? .gzip : nil
            )
        }
        #expect(plain == [8, 25, 58])
    }

    @Test func `where nothing shrinks it pauses`() {
        var choice = CompressionChoice(mode: .auto)
        choice.observe(arrival(at: 1e6), wasAsked: false, encoding: nil)
        for _ in 0..<3 {
            #expect(next(1, &choice) == [true])
            choice.observe(arrival(at: 1e6), wasAsked: true, encoding: nil)
        }
        #expect(next(33, &choice) == Array(repeating: false, count: 32) + [true])
    }

    @Test func `the user's word counts`() {
        var always = CompressionChoice(mode: .always)
        var never = CompressionChoice(mode: .never)
        #expect(next(2, &always) == [true, true])
        #expect(next(2, &never) == [false, false])
    }
}
