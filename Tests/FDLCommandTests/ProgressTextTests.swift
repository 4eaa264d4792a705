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
                "fetching  43 %  430 MiB of 1 GiB  10 MiB/s  57 s left  100 MiB reused",
                "  one.example:8443  75 %  5.7 MiB/s",
                "  two.example  25 %  3.8 MiB/s  slow",
                "  dead.example:1  waiting  unreachable: Connection refused",
            ]
        )
    }

    @Test func aBarTakesWhatIsLeft() {
        let lines = ProgressText(width: 100, height: 24).lines(Self.fetching)
        #expect(
            lines[0]
                == "fetching  [===========>              ]  43 %  430 MiB of 1 GiB  10 MiB/s  57 s left  100 MiB reused"
        )
    }

    @Test func atThirtyFiveColumnsWhatMattersMostIsLeft() {
        #expect(
            ProgressText(width: 35, height: 24).lines(Self.fetching) == [
                "fetching  43 %  10 MiB/s",
                "  one.example:8443  75 %  5.7 MiB…",
                "  two.example  25 %  3.8 MiB/s  s…",
                "  dead.example:1  waiting  unreac…",
            ]
        )
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
        #expect(coloured[3] == "  dead.example:1  waiting\u{1b}[33m  unreachable: Connection refused\u{1b}[0m")
        #expect(!ProgressText(width: 80, height: 24).lines(Self.fetching).joined().contains("\u{1b}"))
    }

    @Test func aLineForALog() {
        #expect(
            ProgressText.plain(Self.fetching)
                == "fetching: 43 %, 430 MiB of 1 GiB, 10 MiB/s, 57 s left, 100 MiB reused; one.example:8443: 5.7 MiB/s; "
                + "two.example: 3.8 MiB/s, slow; dead.example:1: waiting, unreachable: Connection refused"
        )
        var waiting = Progress(doing: "waiting for the disk")
        waiting.elapsed = .seconds(75)
        #expect(ProgressText.plain(waiting) == "waiting for the disk: 1 min 15 s")
    }

    @Test func aHundredPercentIsOnlyTheWhole() {
        func percent(_ done: Int64, _ total: Int64) -> Int? {
            var progress = Progress(doing: "x")
            progress.amount = Progress.Amount(done: done, total: total)
            return progress.percent
        }
        #expect(percent(0, 0) == 100)
        #expect(percent(Int64.max - 1, Int64.max) == 99 || percent(Int64.max - 1, Int64.max) == 100)
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

@Suite struct RateWindowTests {
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
        #expect(block.erasing(width: 80) == "\r\u{1b}[2A\u{1b}[J")
        #expect(TerminalBlock(["x"]).rewinding(width: 80) == "\r")
    }

    @Test func aNarrowerTerminalHasBrokenTheLines() {
        let block = TerminalBlock(["12345678", "1234"])
        #expect(block.rewinding(width: 8) == "\r\u{1b}[1A")
        #expect(block.rewinding(width: 4) == "\r\u{1b}[2A")
        #expect(block.rewinding(width: 3) == "\r\u{1b}[4A")
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
