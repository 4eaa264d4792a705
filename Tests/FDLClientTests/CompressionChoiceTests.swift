import FDLCore
import FDLPlan
import TestSupport
import Testing

@testable import FDLClient

@Suite struct CompressionChoiceTests {
    private static let chunk = 1 << 20

    /// What lies between a source's disk and this process. Rates are in bytes a second.
    private struct Path {
        /// Of the network.
        var line: Double
        /// How fast the source compresses; nil if it has chunks ready.
        var deflating: Double?
        var saysHowLong = true
        var inflating = 300e6
        var processors = 1.0
        /// How many times smaller a compressed chunk is; 1 if the source sends it plain.
        var ratio = 4.0

        /// - Parameter compressed: whether that is asked for; nil for a plain body behind a compressed one.
        func arrival(compressed: Bool?) -> (arrival: CompressionChoice.Arrival, form: CompressionChoice.Form) {
            let chunk = CompressionChoiceTests.chunk
            guard compressed == true, ratio > 1 else {
                // What came while the other one was decompressed is there at once.
                let rate = compressed == nil ? 4 * line : line
                return (arrives(chunk, at: rate, isBehindCompressed: compressed == nil), .plain)
            }
            let wait = Duration.seconds(1) * (deflating.map { Double(chunk) / $0 } ?? 0)
            let inflating = Double(chunk) / inflating
            let rate = min(line, Double(chunk) / ratio / inflating)
            let arrival = arrives(Int(Double(chunk) / ratio), at: rate, after: wait, inflating: .seconds(1) * inflating)
            return (arrival, .compressed(in: saysHowLong ? wait : .zero))
        }

        private func arrives(
            _ length: Int,
            at rate: Double,
            after wait: Duration = .zero,
            inflating: Duration = .zero,
            isBehindCompressed: Bool = false
        ) -> CompressionChoice.Arrival {
            let later = length - length / 16
            return .init(
                length: length,
                later: later,
                wait: wait,
                time: .seconds(1) * (Double(later) / rate),
                inflating: inflating,
                isBehindCompressed: isBehindCompressed
            )
        }
    }

    /// One connection on which four chunks are always asked for ahead.
    private struct Connection {
        var choice: CompressionChoice
        private var asked: [Bool] = []
        private var isLastCompressed = false

        init(_ mode: DownloadRequest.Compression) {
            choice = CompressionChoice(mode: mode)
        }

        /// Fetches so many chunks.
        /// - Returns: which of the next ones were asked for compressed, and how long these took, in seconds.
        mutating func run(_ path: Path, chunks: Int) -> (asked: [Bool], seconds: Double) {
            while asked.count < 4 { asked.append(choice.nextIsCompressed()) }
            var (next, seconds) = ([Bool](), 0.0)
            for _ in 0..<chunks {
                let wasAsked = asked.removeFirst()
                let (arrival, form) = path.arrival(compressed: !wasAsked && isLastCompressed ? nil : wasAsked)
                isLastCompressed = form != .plain
                seconds += (arrival.wait + arrival.time) / .seconds(1)
                choice.observe(
                    arrival,
                    of: CompressionChoiceTests.chunk,
                    wasAsked: wasAsked,
                    as: form,
                    processors: path.processors
                )
                asked.append(choice.nextIsCompressed())
                next.append(asked.last == true)
            }
            return (next, seconds)
        }
    }

    private func compressed(_ path: Path, chunks: Int = 100) -> Int {
        var connection = Connection(.auto)
        return connection.run(path, chunks: chunks).asked.count { $0 }
    }

    private func seconds(_ mode: DownloadRequest.Compression, _ path: Path) -> Double {
        var connection = Connection(mode)
        return connection.run(path, chunks: 2000).seconds
    }

    /// One that a single read has brought.
    private func atOnce(_ bytes: Int) -> CompressionChoice.Arrival {
        .init(
            length: bytes,
            later: 0,
            wait: .zero,
            time: .microseconds(20),
            inflating: .microseconds(10),
            isBehindCompressed: false
        )
    }

    @Test func `until a chunk has come, they are plain`() {
        var choice = CompressionChoice(mode: .auto)
        #expect((0..<3).map { _ in choice.nextIsCompressed() } == [false, false, false])
    }

    @Test func `over a slow network all are compressed, over a fast one none`() {
        for deflating in [nil, 40e6] {
            #expect(compressed(Path(line: 12e6, deflating: deflating)) == 100)
            #expect(compressed(Path(line: 400e6, deflating: deflating)) == 0)
        }
    }

    @Test func `between, all that the source has ready, but now and then some plain ones`() {
        #expect(compressed(Path(line: 118e6)) >= 88)
    }

    @Test func `between, also what a source compresses that is faster than the network`() {
        #expect(compressed(Path(line: 30e6, deflating: 80e6)) >= 88)
    }

    @Test func `between, a source that compresses slowly is tried ever more seldom`() {
        for saysHowLong in [true, false] {
            var connection = Connection(.auto)
            let path = Path(line: 118e6, deflating: 40e6, saysHowLong: saysHowLong)
            let asked = connection.run(path, chunks: 200).asked
            #expect(asked.indices.filter { asked[$0] } == [2, 7, 16, 33, 66, 131])
        }
    }

    @Test func `between, what a source says it took counts, though it did not show`() {
        let path = Path(line: 118e6)
        for (took, next) in [(Duration.zero, true), (.milliseconds(25), false)] {
            var choice = CompressionChoice(mode: .auto)
            let plain = path.arrival(compressed: false).arrival
            choice.observe(plain, of: Self.chunk, wasAsked: false, as: .plain, processors: 1)
            while !choice.nextIsCompressed() {}
            let arrival = path.arrival(compressed: true).arrival
            choice.observe(arrival, of: Self.chunk, wasAsked: true, as: .compressed(in: took), processors: 1)
            let isCompressed = choice.nextIsCompressed()
            #expect(isCompressed == next)
        }
    }

    @Test func `between, a machine that inflates more slowly than plain bytes come has plain ones`() {
        #expect((6...24).contains(compressed(Path(line: 118e6, inflating: 80e6), chunks: 200)))
    }

    @Test func `between, it counts how many connections decompress at a time`() {
        #expect(compressed(Path(line: 118e6, inflating: 80e6, processors: 2)) >= 88)
        #expect(compressed(Path(line: 30e6, inflating: 80e6, processors: 0.25), chunks: 200) <= 24)
    }

    @Test func `whatever the path is like, near the better of always and never`() {
        for line in [1e6, 5e6, 12e6, 30e6, 60e6, 118e6, 400e6, 1e9] {
            for deflating in [nil, 40e6, 80e6] {
                for ratio in [1, 1.2, 2, 4, 10] {
                    let path = Path(line: line, deflating: deflating, ratio: ratio)
                    let (auto, always) = (seconds(.auto, path), seconds(.always, path))
                    let never = seconds(.never, path)
                    // A source that compresses is taken to be faster than a slow network.
                    let better = deflating != nil && line < 16e6 ? always : min(always, never)
                    let first = 16 * Double(Self.chunk) / line
                    #expect(auto <= 1.05 * better + first, "\(path): \(auto / better)")
                }
            }
        }
    }

    @Test func `follows the network`() {
        var connection = Connection(.auto)
        _ = connection.run(Path(line: 400e6), chunks: 50)
        _ = connection.run(Path(line: 5e6), chunks: 20)
        #expect(connection.run(Path(line: 5e6), chunks: 100).asked.count { $0 } >= 90)
        _ = connection.run(Path(line: 1e9), chunks: 100)
        #expect(connection.run(Path(line: 1e9), chunks: 100).asked.count { $0 } <= 5)
    }

    @Test func `a plain body that comes at once is fast, a compressed one says nothing`() {
        var choice = CompressionChoice(mode: .auto)
        let slow = Path(line: 2e6).arrival(compressed: false).arrival
        choice.observe(slow, of: Self.chunk, wasAsked: false, as: .plain, processors: 1)
        choice.observe(atOnce(10_000), of: Self.chunk, wasAsked: true, as: .compressed(in: .zero), processors: 1)
        let stays = choice.nextIsCompressed()
        #expect(stays)
        for _ in 0..<20 {
            choice.observe(atOnce(64 << 10), of: Self.chunk, wasAsked: false, as: .plain, processors: 1)
        }
        let goes = !choice.nextIsCompressed()
        #expect(goes)
    }

    @Test func `where compressed bodies say nothing, a plain one is asked for, and ever more seldom`() {
        var choice = CompressionChoice(mode: .auto)
        let slow = Path(line: 2e6).arrival(compressed: false).arrival
        choice.observe(slow, of: Self.chunk, wasAsked: false, as: .plain, processors: 1)
        var plain: [Int] = []
        for chunk in 0..<150 {
            let isCompressed = choice.nextIsCompressed()
            if !isCompressed { plain.append(chunk) }
            choice.observe(
                isCompressed ? atOnce(9_000) : slow,
                of: Self.chunk,
                wasAsked: isCompressed,
                as: isCompressed ? .compressed(in: .zero) : .plain,
                processors: 1
            )
        }
        #expect(plain == Array(32..<36) + Array(100..<104))
    }

    @Test func `where nothing shrinks it pauses`() {
        var connection = Connection(.auto)
        let asked = connection.run(Path(line: 2e6, ratio: 1), chunks: 80).asked
        // What is still to come when it begins prolongs it.
        #expect(asked.split(separator: true).first?.count == 35)
    }

    @Test func `what all connections share: what is known, and the event loops`() throws {
        let loops = SharedLoops(count: 2)
        let compression = SourceCompression(mode: .auto, loops: loops)
        let before = compression.nextIsCompressed()
        #expect(!before)
        let source = Manifest.Source(kind: .worker, url: try SourceURL("https://h.example/"))
        let manifest = try Manifest.sample([("a file", noise(3 * 65536, seed: 9))])
        let request = RequestWriter(source: source, manifest: manifest)
            .request(RequestID(rawValue: 1), chunks: 0..<1, compressed: false)
        compression.observe(Path(line: 2e6).arrival(compressed: false).arrival, to: request, as: .plain)
        let after = compression.nextIsCompressed()
        #expect(after)
        var shares = [loops.perConnection]
        for _ in 0..<4 {
            compression.joined()
            shares.append(loops.perConnection)
        }
        compression.left()
        shares.append(loops.perConnection)
        #expect(shares == [2, 2, 1, 2.0 / 3, 0.5, 2.0 / 3])
    }

    @Test func `a download with a limit below a slow network's rate asks for all compressed`() {
        var choice = CompressionChoice(mode: .auto, rateLimit: 4 << 20)
        let first = choice.nextIsCompressed()
        #expect(first)
        for _ in 0..<20 {
            choice.observe(atOnce(64 << 10), of: Self.chunk, wasAsked: false, as: .plain, processors: 1)
        }
        let stays = choice.nextIsCompressed()
        #expect(stays)
    }

    @Test func `the user's word counts`() {
        var always = CompressionChoice(mode: .always)
        var never = CompressionChoice(mode: .never)
        #expect((0..<2).map { _ in always.nextIsCompressed() } == [true, true])
        #expect((0..<2).map { _ in never.nextIsCompressed() } == [false, false])
    }
}
