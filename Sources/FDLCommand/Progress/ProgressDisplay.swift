import FDLCore
import FDLSystem
import Glibc
import Synchronization

/// Shows a person how far the work is, whatever the work: on a terminal some lines that are drawn over, elsewhere a line
/// now and then.
///
/// It is told as often as is convenient, from any thread, and draws by itself: ten times a second at most, and also if it
/// is told nothing, so that a person sees that the program lives.
package final class ProgressDisplay: Sendable {
    /// Where progress is shown.
    package enum Place: Sendable, Equatable {
        case nowhere
        /// A line a minute, and a first after ten seconds.
        case log
        case terminal(isColoured: Bool)

        /// What standard error is good for.
        package static var ofStandardError: Place {
            let terminal = Terminal(isTerminal: StandardStream.error.isTerminal) { name in
                getenv(name).map { String(cString: $0) }
            }
            return terminal.canRedraw ? .terminal(isColoured: terminal.hasColours) : .log
        }
    }

    private struct State {
        var progress: Progress?
        /// When `progress.doing` began.
        var began = Duration.zero
        var rate = RateWindow()
        /// One a source.
        var sourceRates: [RateWindow] = []
        /// What is the next line in a log due.
        var due = ProgressDisplay.firstLine
        var isRunning = false
        var isOver = false
    }

    /// What takes less time is not worth a line on a terminal, …
    private static let firstLook = Duration.milliseconds(500)
    /// … nor what takes less than this in a log.
    private static let firstLine = Duration.seconds(10)
    private static let lineInterval = Duration.seconds(60)

    private let place: Place
    private let start = ContinuousClock.now
    private let state = Mutex(State())

    package init(_ place: Place) {
        self.place = place
    }

    /// How long it has been there, if lines go to a log and have to say when they were written: its reader did not see them
    /// come. Nil elsewhere, and in the first second.
    package var logTime: Duration? { place == .log && now >= .seconds(1) ? now : nil }

    private var now: Duration { ContinuousClock.now - start }

    /// Says how far the work is.
    /// - Parameters:
    ///   - doing: one word or a few; another one than before begins a new piece of work.
    ///   - amount: nil if nobody knows how much there is to do.
    ///   - moved: what the rate is made of, in bytes, if not of `amount.done`. Never falls within a piece of work.
    ///   - files: nil if they are not counted.
    ///   - sources: the same at each call of a piece of work, in the same order.
    package func update(
        _ doing: String,
        _ amount: Progress.Amount? = nil,
        moved: Int64? = nil,
        files: Progress.Files? = nil,
        sources: [Progress.Source] = []
    ) {
        guard place != .nowhere else { return }
        let now = now
        let isFirst = state.withLock { state in
            if state.progress?.doing != doing {
                state.began = now
                state.rate = RateWindow()
                state.sourceRates = []
            }
            if state.sourceRates.count != sources.count {
                state.sourceRates = sources.map { _ in RateWindow() }
            }
            state.progress = Progress(doing: doing, amount: amount, files: files, sources: sources)
            // All of them at the same moments, so that the sources' rates add up to the whole's.
            if let bytes = moved ?? amount?.done { state.rate.note(bytes, at: now) }
            for (index, source) in sources.enumerated() {
                state.sourceRates[index].note(source.received, at: now)
            }
            defer { state.isRunning = true }
            return !state.isRunning && !state.isOver
        }
        // Without a thread there is no progress to see, and nothing else is amiss.
        if isFirst { _ = startThread { [self] in run() } }
    }

    /// Ends it: nothing is shown any more, and what is on a terminal is taken away.
    package func end() {
        state.withLock { $0.isOver = true }
        StandardStream.error.wipe()
    }

    private func run() {
        while !state.withLock({ $0.isOver }) {
            draw()
            usleep(100_000)
        }
    }

    private func draw() {
        let now = now
        switch place {
        case .nowhere: break
        case .log:
            if let line = line(at: now) { StandardStream.error.writeLine(printable(line)) }
        case .terminal(let isColoured):
            guard now >= Self.firstLook, let progress = state.withLock({ Self.current($0, now) }) else { return }
            StandardStream.error.show { width, height in
                // Under the stream's lock, so that nothing is drawn after `end`.
                guard !state.withLock({ $0.isOver }) else { return [] }
                return ProgressText(width: width, height: height, isColoured: isColoured).lines(progress)
            }
        }
    }

    private func line(at now: Duration) -> String? {
        state.withLock { state in
            guard now >= state.due, !state.isOver, let progress = Self.current(state, now) else { return nil }
            state.due = now + Self.lineInterval
            return ProgressText.plain(progress, after: now)
        }
    }

    private static func current(_ state: State, _ now: Duration) -> Progress? {
        guard var progress = state.progress else { return nil }
        progress.elapsed = now - state.began
        progress.rate = state.rate.rate(at: now)
        for index in progress.sources.indices where progress.sources[index].isGiving {
            progress.sources[index].rate = state.sourceRates[index].rate(at: now)
        }
        return progress
    }
}
