/// What a row is to reach.
struct Reach: Equatable, Sendable {
    enum Subject: Sendable {
        /// To the peer: the median of the rounds' ratios, which the machine's moods touch least.
        case ratio
        /// Our own figure: the median.
        case ours
    }

    let subject: Subject
    let least: Double?
    let most: Double?

    static func ratio(atMost most: Double) -> Reach { Reach(subject: .ratio, least: nil, most: most) }
    static func ratio(atLeast least: Double) -> Reach { Reach(subject: .ratio, least: least, most: nil) }
    static func ratio(_ range: ClosedRange<Double>) -> Reach {
        Reach(subject: .ratio, least: range.lowerBound, most: range.upperBound)
    }
    static func ours(atMost most: Double) -> Reach { Reach(subject: .ours, least: nil, most: most) }

    func holds(_ value: Double) -> Bool { value >= least ?? value && value <= most ?? value }

    /// As the table has it.
    /// - Parameter unit: of our own figure.
    func text(_ unit: Unit) -> String {
        func number(_ value: Double) -> String {
            guard subject == .ours else { return fixed(value, 2) }
            return value == value.rounded() ? "\(Int64(value)) \(unit.rawValue)" : "\(value) \(unit.rawValue)"
        }
        return switch (least, most) {
        case (let least?, let most?): "\(number(least))…\(number(most))"
        case (let least?, nil): "≥ \(number(least))"
        case (nil, let most?): "≤ \(number(most))"
        case (nil, nil): ""
        }
    }
}
