import FDLCompression
import Testing

@testable import FDLClient

@Suite struct CompressionChoiceTests {
    /// One connection: what lies between a chunk on a worker's disk and its bytes here. Rates are in MiB a second.
    private struct Path {
        /// Of the network.
        var line: Double
        /// How fast the worker compresses; what lies there compressed is fast.
        var deflating: Double
        var inflating = 300.0
        /// How many times smaller a compressed chunk is.
        var ratio = 4.0

        /// Seconds from the end of the answer before it to its own, and of its body, for a chunk of 1 MiB. A source
        /// compresses one while it sends another.
        func seconds(packed: Bool) -> (all: Double, body: Double) {
            guard packed else { return (1 / line, 1 / line) }
            let body = max(1 / ratio / line, 1 / inflating)
            return (max(body, 1 / deflating), body)
        }
    }

    /// Asks for chunks of 1 MiB, two ahead.
    /// - Returns: how long all took, in seconds, and how many were asked for compressed.
    private func run(_ mode: DownloadRequest.Compression, _ path: Path, chunks: Int) -> (time: Double, packed: Int) {
        var choice = CompressionChoice(mode: mode)
        var asked: [Bool] = []
        var (time, packed) = (0.0, 0)
        for number in 0..<chunks + 2 {
            if number >= 2 {
                let wasAsked = asked.removeFirst()
                let (all, body) = path.seconds(packed: wasAsked && path.ratio > 1)
                time += all
                choice.observe(
                    chunk: 1 << 20,
                    body: wasAsked ? Int(Double(1 << 20) / path.ratio) : 1 << 20,
                    in: .seconds(all),
                    bodyTime: .seconds(body),
                    wasAsked: wasAsked,
                    encoding: wasAsked && path.ratio > 1 ? .gzip : nil
                )
            }
            if number < chunks {
                asked.append(choice.nextIsCompressed())
                if asked.last == true { packed += 1 }
            }
        }
        return (time, packed)
    }

    @Test func nextToTheBetterWayWhateverThePathIsLike() {
        for line in [1.0, 5, 12, 30, 60, 120, 400] {
            for deflating in [10.0, 20, 40, 80, 1e6] {
                for ratio in [1.0, 1.2, 2, 4, 10] {
                    let path = Path(line: line, deflating: deflating, ratio: ratio)
                    let auto = run(.auto, path, chunks: 1000).time
                    let best = min(run(.always, path, chunks: 1000).time, run(.never, path, chunks: 1000).time)
                    // The first two and a trial may be slower by much.
                    #expect(auto <= 1.05 * best + 3 / deflating, "\(path): \(auto / best)")
                }
            }
        }
    }

    @Test func littleIsCompressedOverASlowNetworkToo() {
        let path = Path(line: 1, deflating: 40)
        #expect(run(.auto, path, chunks: 3).time == run(.always, path, chunks: 3).time)
    }

    @Test func aFastNetworkIsSparedTheSourcesWork() {
        let path = Path(line: 400, deflating: 40)
        #expect(run(.auto, path, chunks: 10_000).packed <= 12)
    }

    /// What was measured once does not count for ever.
    @Test func followsTheNetwork() {
        var choice = CompressionChoice(mode: .auto)
        func observe(_ path: Path, _ chunks: Int) -> Int {
            (0..<chunks).count { _ in
                let isPacked = choice.nextIsCompressed()
                let (all, body) = path.seconds(packed: isPacked)
                choice.observe(
                    chunk: 1 << 20,
                    body: isPacked ? 1 << 18 : 1 << 20,
                    in: .seconds(all),
                    bodyTime: .seconds(body),
                    wasAsked: isPacked,
                    encoding: isPacked ? .gzip : nil
                )
                return isPacked
            }
        }
        _ = observe(Path(line: 400, deflating: 40), 200)
        _ = observe(Path(line: 5, deflating: 40), 50)
        #expect(observe(Path(line: 5, deflating: 40), 100) >= 90)
        _ = observe(Path(line: 400, deflating: 40), 3_000)
        #expect(observe(Path(line: 400, deflating: 40), 100) <= 10)
    }

    @Test func pausesWhereNothingShrinks() {
        var choice = CompressionChoice(mode: .auto)
        for _ in 0..<3 {
            let asks = choice.nextIsCompressed()
            #expect(asks)
            choice.observe(
                chunk: 1 << 20,
                body: 1 << 20,
                in: .seconds(1),
                bodyTime: .seconds(1),
                wasAsked: true,
                encoding: nil
            )
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
