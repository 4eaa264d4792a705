/// How far a piece of work is, as it is shown: a value, made anew for each redrawing.
package struct Progress: Sendable, Equatable {
    /// One word or a few for what is being done: `fetching`.
    package var doing: String
    package var amount: Amount?
    /// Whole files of a folder; nil for a single file.
    package var files: Files?
    /// Bytes a second; nil as long as it is not known.
    package var rate: Double?
    /// Since this piece of work began.
    package var elapsed = Duration.zero
    package var sources: [Source] = []

    /// In bytes.
    package struct Amount: Sendable, Equatable {
        package var done: Int64
        package var total: Int64
        /// What of `done` did not have to be fetched.
        package var reused: Int64 = 0

        package init(done: Int64, total: Int64, reused: Int64 = 0) {
            self.done = done
            self.total = total
            self.reused = reused
        }

        /// `33 %, 33.0 MiB of 100 MiB`; nil if there is nothing to do.
        package var shown: String? {
            total > 0 ? "\(percent) %, " + SteadyText.amount(done, of: total) : nil
        }

        /// From 0 to 100, rounded down: 100 is said only of what is complete.
        var percent: Int {
            guard total > 0, done < total else { return 100 }
            return Int(total.dividingFullWidth(max(0, done).multipliedFullWidth(by: 100)).quotient)
        }
    }

    /// Files that are complete, of all.
    package struct Files: Sendable, Equatable {
        package var done: Int
        package var total: Int

        package init(done: Int, total: Int) {
            self.done = done
            self.total = total
        }
    }

    /// One source of the bytes.
    package struct Source: Sendable, Equatable {
        package var name: String
        /// What it has given of the output, in bytes.
        package var bytes: Int64
        /// What has come from it, in bytes, also of what is not complete yet: its rate is made of that. Never falls.
        package var received: Int64
        /// Whether it is asked at present: otherwise no rate is shown.
        package var isGiving: Bool
        /// Bytes a second; nil if it gives nothing.
        package var rate: Double?
        /// What a person should know of it: `slow`, `no longer asked`; nil if all is well.
        package var state: String?
        /// The last thing that it did wrong.
        package var fault: String?

        package init(
            name: String,
            bytes: Int64,
            received: Int64 = 0,
            isGiving: Bool = true,
            rate: Double? = nil,
            state: String? = nil,
            fault: String? = nil
        ) {
            self.name = name
            self.bytes = bytes
            self.received = received
            self.isGiving = isGiving
            self.rate = rate
            self.state = state
            self.fault = fault
        }
    }

    /// See `Amount.percent`.
    var percent: Int? { amount?.percent }

    /// How long the rest takes at this rate; nil if that cannot be said.
    var timeLeft: Duration? {
        guard let amount, let rate, rate >= 1, amount.done < amount.total else { return nil }
        let seconds = Double(amount.total - amount.done) / rate
        return seconds < 100 * 86_400 ? .seconds(Int64(seconds.rounded(.up))) : nil
    }
}

extension Duration {
    /// For people, in at most two units: `17 s`, `4 min 5 s`, `3 h 12 min`, `2 d 3 h`.
    package var shown: String {
        let seconds = max(0, components.seconds)
        let (units, sizes) = (["d", "h", "min", "s"], [86_400, 3600, 60, 1] as [Int64])
        guard let first = sizes.firstIndex(where: { $0 <= seconds }) else { return "0 s" }
        let rest = first + 1 < sizes.count ? seconds % sizes[first] / sizes[first + 1] : 0
        return "\(seconds / sizes[first]) \(units[first])" + (rest > 0 ? " \(rest) \(units[first + 1])" : "")
    }
}
