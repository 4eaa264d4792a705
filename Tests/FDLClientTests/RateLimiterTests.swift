import NIOCore
import Testing

@testable import FDLClient

@Suite struct RateLimiterTests {
    /// Four readers that each read as soon as they may: what they get in ten virtual seconds.
    @Test(arguments: [100_000, 10_000_000, 1_000_000_000] as [Int64])
    func holdsManyReadersTogetherToTheRate(rate: Int64) {
        let limiter = RateLimiter(bytesPerSecond: rate)
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
        let end = start + .seconds(10)
        var readers = Array(repeating: start, count: 4)
        var total: Int64 = 0
        while let index = readers.indices.min(by: { readers[$0] < readers[$1] }), readers[index] < end {
            let bytes = limiter.readSize
            total += Int64(bytes)
            readers[index] = limiter.charge(bytes, at: readers[index])
        }
        let share = Double(total) / Double(10 * rate)
        #expect(share > 0.95 && share < 1.05, "\(share)")
    }

    @Test func savesNoIdleTimeUp() {
        let limiter = RateLimiter(bytesPerSecond: 1_000_000)
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
        _ = limiter.charge(1, at: start)
        let later = start + .seconds(100)
        // After a long pause a second's worth of bytes still takes a second, less the tenth that is saved up.
        #expect(limiter.charge(1_000_000, at: later) == later + .milliseconds(900))
    }
}
