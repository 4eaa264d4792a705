import Testing

@testable import FDLCommand

@Suite struct ProgressTextTests {
    private static let mebibyte = Int64(1 << 20)

    private static let fetching: Progress = {
        var progress = Progress(doing: "fetching")
        progress.amount = Progress.Amount(done: 430 * mebibyte, total: 1000 * mebibyte, reused: 100 * mebibyte)
        progress.rate = Double(10 * mebibyte)
        progress.elapsed = .seconds(33)
        progress.sources = [
            Progress.Source(name: "one.example:8443", bytes: 248 * mebibyte, rate: 6e6),
            Progress.Source(name: "two.example", bytes: 82 * mebibyte, rate: 4e6, state: "slow"),
            Progress.Source(
                name: "dead.example:1",
                bytes: 0,
                rate: nil,
                state: "waiting",
                fault: "unreachable: Connection refused"
            ),
        ]
        return progress
    }()

    @Test func atEightyColumns() {
        #expect(
            ProgressText(width: 80, height: 24).lines(Self.fetching) == [
                "fetching  [====>     ]   43 %  430.0 MiB of 1 GiB   10.0 MiB/s  57 s left",
                "  one.example:8443    5.7 MiB/s  gave 75 %",
                "  two.example         3.8 MiB/s  slow  gave 25 %",
                "  dead.example:1    waiting  unreachable: Connection refused",
            ]
        )
    }

    @Test func aBarTakesWhatIsLeft() {
        let lines = ProgressText(width: 100, height: 24).lines(Self.fetching)
        #expect(
            lines[0]
                == "fetching  [======>       ]   43 %  430.0 MiB of 1 GiB   10.0 MiB/s  100 MiB reused  57 s left"
        )
    }

    @Test func atThirtyFiveColumnsWhatMattersMostIsLeft() {
        #expect(
            ProgressText(width: 35, height: 24).lines(Self.fetching) == [
                "fetching   43 %   10.0 MiB/s",
                "  one.example:8443    5.7 MiB/s",
                "  two.example         3.8 MiB/s  …",
                "  dead.example:1    waiting  unre…",
            ]
        )
    }

    /// Servers of one host differ in their ports, those of one network in the beginnings of their names.
    @Test func whatTellsSourcesApartIsLeft() {
        var progress = Self.fetching
        func lines(_ names: [String]) -> [String] {
            progress.sources = names.map { Progress.Source(name: $0, bytes: 1, rate: 9.75 * 1_048_576) }
            return Array(ProgressText(width: 20, height: 24).lines(progress).dropFirst())
        }
        #expect(
            lines(["127.0.0.1:34673", "127.0.0.1:45877"]) == ["  …673    9.7 MiB/s", "  …877    9.7 MiB/s"]
        )
        #expect(lines(["ams.example", "fra.example"]) == ["  ams…    9.7 MiB/s", "  fra…    9.7 MiB/s"])
    }

    /// However far it is and however fast, the bar has the same length, and never goes back.
    @Test(arguments: [80, 100, 120], [100 << 20, 4 << 30, 3 << 40] as [Int64])
    func theBarKeepsItsPlace(width: Int, total: Int64) {
        var bars: Set<Int> = []
        var last = 0
        let steps: Int64 = 4000
        for step in 0..<steps {
            var progress = Progress(doing: "fetching")
            progress.amount = Progress.Amount(done: total / steps * step, total: total, reused: total / 3)
            progress.rate = step % 7 == 0 ? nil : Double(step * step * step)
            let line = ProgressText(width: width, height: 24).lines(progress)[0]
            let bar = line.drop { $0 != "[" }.prefix { $0 != "]" }
            bars.insert(bar.count)
            let full = bar.count { $0 == "=" }
            #expect(full >= last, "\(line)")
            last = full
        }
        #expect(bars.count == 1 && bars.first ?? 0 >= 7)
    }

    @Test(arguments: 1...120)
    func noLineIsAsWideAsTheTerminal(width: Int) {
        var progress = Self.fetching
        progress.sources.append(
            Progress.Source(name: String(repeating: "例", count: 70), bytes: 1, rate: 1, fault: "é\u{301}文")
        )
        for height in 1...8 {
            let lines = ProgressText(width: width, height: height).lines(progress)
            #expect(lines.count <= max(1, height - 1))
            for line in lines { #expect(ProgressText.columns(line) < max(2, width), "\(line)") }
        }
    }

    @Test func whatThereIsNoRoomForIsCounted() {
        var progress = Self.fetching
        progress.sources = (0..<20).map { Progress.Source(name: "source-\($0)", bytes: 0, rate: nil) }
        let lines = ProgressText(width: 80, height: 6).lines(progress)
        #expect(lines.dropFirst() == ["  source-0", "  source-1", "  source-2", "  and 17 more sources"])
    }

    @Test func aFaultIsColouredOnlyIfThereAreColours() {
        let coloured = ProgressText(width: 80, height: 24, isColoured: true).lines(Self.fetching)
        #expect(coloured[3] == "  dead.example:1    waiting\u{1b}[33m  unreachable: Connection refused\u{1b}[0m")
        #expect(!ProgressText(width: 80, height: 24).lines(Self.fetching).joined().contains("\u{1b}"))
    }

    @Test func aLineForALog() {
        #expect(
            ProgressText.plain(Self.fetching, after: .seconds(70))
                == "fetching: 43 %, 430.0 MiB of 1 GiB, 10.0 MiB/s, 100 MiB reused, 57 s left, after 1 min 10 s; "
                + "one.example:8443: 5.7 MiB/s; two.example: 3.8 MiB/s, slow; "
                + "dead.example:1: waiting, unreachable: Connection refused"
        )
        var waiting = Progress(doing: "waiting for the disk")
        waiting.elapsed = .seconds(75)
        #expect(ProgressText.plain(waiting, after: .seconds(80)) == "waiting for the disk: 1 min 15 s")
    }

    @Test func filesOfAFolderAreCounted() {
        var progress = Self.fetching
        progress.files = Progress.Files(done: 301, total: 1000)
        progress.amount?.reused = 0
        let line = ProgressText(width: 100, height: 24).lines(progress)[0]
        #expect(
            line == "fetching  [====>     ]   43 %  430.0 MiB of 1 GiB   10.0 MiB/s   301 of 1000 files  57 s left"
        )
    }

    /// Of a hundred equal parts, so many are so many percent; and no amount is ahead of its percentage, or behind it.
    @Test(arguments: [100 << 20, 100 << 30, 100 << 10] as [Int64])
    func percentAndAmountAgree(total: Int64) {
        for part in 0...Int64(100) {
            var progress = Progress(doing: "x")
            progress.amount = Progress.Amount(done: total / 100 * part, total: total)
            #expect(progress.percent == Int(part))
        }
        let (half, quarter) = (Int64(2) << 30, Int64(1) << 30)
        #expect(Progress.Amount(done: half, total: 4 << 30).shown == "50 %, 2.000 GiB of 4 GiB")
        #expect(Progress.Amount(done: half - 1, total: 4 << 30).shown == "49 %, 1.999 GiB of 4 GiB")
        #expect(Progress.Amount(done: quarter, total: 4 << 30).shown == "25 %, 1.000 GiB of 4 GiB")
        #expect(Progress.Amount(done: quarter - 1, total: 4 << 30).shown == "24 %, 0.999 GiB of 4 GiB")
        #expect(Progress.Amount(done: 4 << 30, total: 4 << 30).shown == "100 %, 4 GiB of 4 GiB")
    }

    @Test func aHundredPercentIsOnlyTheWhole() {
        func percent(_ done: Int64, _ total: Int64) -> Int? {
            var progress = Progress(doing: "x")
            progress.amount = Progress.Amount(done: done, total: total)
            return progress.percent
        }
        #expect(percent(0, 0) == 100)
        #expect(percent(Int64.max - 1, Int64.max) == 99)
        #expect(percent(999, 1000) == 99)
        #expect(percent(1000, 1000) == 100)
        #expect(percent(-5, 10) == 0)
    }

    @Test(arguments: [
        (0, "0 s"), (59, "59 s"), (60, "1 min"), (245, "4 min 5 s"), (11_520, "3 h 12 min"), (183_600, "2 d 3 h"),
        (-3, "0 s"),
    ])
    func durations(seconds: Int, text: String) {
        #expect(Duration.seconds(seconds).shown == text)
    }
}

@Suite struct SteadyTextTests {
    private static let amounts: [(bytes: Int64, text: String)] = [
        (0, "0 B"), (999, "999 B"), (1000, "0.9 KiB"), (1024, "1.0 KiB"), (3 << 20, "3.0 MiB"), (-1, "0 B"),
        (1000 << 20, "0.976 GiB"), (2176 << 20, "2.125 GiB"), (21 << 30, "21.00 GiB"), (500 << 30, "500.0 GiB"),
        (Int64.max, "8191.9 PiB"),
    ]

    @Test func amountsAreRoundedDown() {
        for amount in Self.amounts { #expect(SteadyText.bytes(amount.bytes) == amount.text) }
    }

    @Test(arguments: [
        (7, "7 s left"), (599, "9 min 59 s left"), (671, "11 min left"), (35_999, "9 h 59 min left"),
        (36_100, "10 h left"), (183_600, "2 d 3 h left"),
    ])
    func whatIsLeft(seconds: Int, text: String) {
        #expect(SteadyText.left(.seconds(seconds)) == text)
        #expect(text.count <= SteadyText.leftColumns)
    }

    @Test func nothingIsWiderThanItsColumns() {
        for shift in 0..<59 {
            let power = Int64(1) << Int64(shift)
            for bytes: Int64 in [power, power - 1, power / 1024 * 999] {
                #expect(SteadyText.bytes(bytes).count <= SteadyText.byteColumns, "\(bytes)")
            }
        }
    }

    private static let shares: [(parts: [Int64], percents: [Int])] = [
        ([4, 1, 1], [67, 17, 16]), ([1, 1, 1], [34, 33, 33]), ([0, 0], [0, 0]), ([5], [100]), ([], []),
        ([Int64.max / 2, Int64.max / 2], [50, 50]), ([293, 373, 334], [29, 37, 34]),
    ]

    @Test func sharesAddUpToAHundred() {
        for share in Self.shares { #expect(Shares.percents(share.parts) == share.percents) }
    }
}

@Suite struct RateWindowTests {
    /// Of several counts that are told at the same moments, the rates add up to that of the sum.
    @Test func ratesOfPartsAddUp() throws {
        var generator = SystemRandomNumberGenerator()
        var (sum, parts) = (RateWindow(), [RateWindow](repeating: RateWindow(), count: 3))
        var counts: [Int64] = [0, 0, 0]
        var time = Duration.zero
        while time < .seconds(20) {
            for index in counts.indices { counts[index] += Int64.random(in: 0...3_000_000, using: &generator) }
            sum.note(counts.reduce(0, +), at: time)
            for index in counts.indices { parts[index].note(counts[index], at: time) }
            let rates = parts.map { $0.rate(at: time) ?? 0 }
            #expect(abs(rates.reduce(0, +) - (sum.rate(at: time) ?? 0)) < 1)
            time += .milliseconds(Int64.random(in: 50...400, using: &generator))
        }
    }

    @Test func nothingIsSaidBeforeThereIsSomethingToSay() {
        var window = RateWindow()
        #expect(window.rate(at: .zero) == nil)
        window.note(0, at: .zero)
        #expect(window.rate(at: .seconds(2)) == nil)
        window.note(1000, at: .milliseconds(400))
        #expect(window.rate(at: .milliseconds(450)) == nil)
        #expect(window.rate(at: .seconds(1)) == 1000)
    }

    /// However often it is told, the rate is that of the time that has passed.
    @Test(arguments: [10, 100, 250, 1000, 3000])
    func theRateIsThatOfTheTime(milliseconds: Int) throws {
        var window = RateWindow()
        var time = Duration.zero
        while time < .seconds(30) {
            window.note(Int64(time / .milliseconds(1)) * 5, at: time)
            time += .milliseconds(milliseconds)
        }
        let rate = try #require(window.rate(at: time - .milliseconds(milliseconds)))
        #expect(abs(rate - 5000) < 1, "\(rate)")
    }

    @Test func whatHasStoppedGoesDownToNothing() throws {
        var window = RateWindow()
        for second in 0...10 { window.note(Int64(second) * 100, at: .seconds(second)) }
        for second in 11...20 { window.note(1000, at: .seconds(second)) }
        #expect(window.rate(at: .seconds(20)) == 0)
    }

    @Test func aLowerCountBeginsAnew() {
        var window = RateWindow()
        window.note(1 << 40, at: .zero)
        window.note(0, at: .seconds(1))
        window.note(3000, at: .seconds(4))
        #expect(window.rate(at: .seconds(4)) == 1000)
    }
}

@Suite struct TerminalBlockTests {
    @Test func theNextDrawingBeginsWhereTheLastBegan() {
        let block = TerminalBlock(["12345678", "\u{1b}[33m1234\u{1b}[0m", ""])
        #expect(block.rewinding(width: 80) == "\r\u{1b}[2A")
        let line = "\u{1b}[2K"
        #expect(block.erasing(width: 80) == "\r\u{1b}[2A\(line)\u{1b}[B\(line)\u{1b}[B\(line)\u{1b}[2A\u{1b}[J")
        #expect(TerminalBlock(["x"]).rewinding(width: 80) == "\r")
    }

    @Test func aNarrowerTerminalHasBrokenTheLines() {
        let block = TerminalBlock(["12345678", "1234"])
        #expect(block.rewinding(width: 8) == "\r\u{1b}[1A")
        #expect(block.rewinding(width: 4) == "\r\u{1b}[2A")
        #expect(block.rewinding(width: 3) == "\r\u{1b}[4A")
    }

    @Test func afterAChangeOfWidthEachRowIsErasedBeforeItIsDrawn() {
        let block = TerminalBlock(["12345678"])
        let erased = "\r\u{1b}[1A\u{1b}[2K\u{1b}[B\u{1b}[2K\u{1b}[1A\u{1b}[J"
        #expect(TerminalBlock.drawing(["1"], over: block, width: 4, isResized: true) == erased + "1\u{1b}[K\u{1b}[J")
        #expect(TerminalBlock.drawing(["1"], over: block, width: 8) == "\r1\u{1b}[K\u{1b}[J")
    }

    @Test func whereThereAreNoEscapeCodes() {
        func terminal(_ isTerminal: Bool, _ variables: [String: String]) -> Terminal {
            Terminal(isTerminal: isTerminal) { variables[$0] }
        }
        #expect(terminal(true, ["TERM": "xterm"]).canRedraw)
        #expect(terminal(true, ["TERM": "xterm"]).hasColours)
        #expect(!terminal(true, ["TERM": "xterm", "NO_COLOR": "1"]).hasColours)
        #expect(terminal(true, ["TERM": "xterm", "NO_COLOR": ""]).hasColours)
        for variables in [["TERM": "dumb"], [:], ["TERM": ""]] { #expect(!terminal(true, variables).canRedraw) }
        #expect(!terminal(false, ["TERM": "xterm"]).canRedraw)
    }
}
