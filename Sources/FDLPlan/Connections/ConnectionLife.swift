/// How many answers a source gives on one connection before it closes it, as far as it has shown.
///
/// Servers close behind each answer, or behind the hundredth. Most say so in the answer (`Connection: close`, HTTP/1.0:
/// RFC 9112 section 9.6), some do not. What is asked beyond that is lost, and the reset that it brings may take the
/// last answer along. So no more is asked on a connection than it is known to answer.
struct ConnectionLife: Sendable, Equatable {
    private enum Knowledge: Equatable {
        /// It has closed no connection yet that it could have answered more on.
        case none
        /// The answer of this number was said to be the last.
        case announced(Int)
        /// Closed once behind so many answers, without a word: it may have been restarted.
        case closedOnce(Int)
        /// Closed again behind as many, or behind the first; so often in all. None where that is only suspected.
        case silent(Int, times: Int)
    }

    private var knowledge = Knowledge.none

    /// Connections that give no more answers than this are opened several at once.
    private static let short = 8

    /// After how many answers it closes; nil where that is not known.
    var limit: Int? {
        switch knowledge {
        case .none, .closedOnce: nil
        case .announced(let answers), .silent(let answers, _): answers
        }
    }

    /// Whether it is certain that most of a connection's time is spent on opening it.
    var isShort: Bool {
        switch knowledge {
        case .none, .closedOnce: false
        case .announced(let answers): answers <= Self.short
        case .silent(let answers, let times): answers <= Self.short && times > 1
        }
    }

    /// Whether one request more may be sent on a connection.
    /// - Parameters:
    ///   - asked: how many were sent on it.
    ///   - due: how many of those are not answered. A source that closes without a word may have done so once or twice
    ///     for another reason: what is due behind nothing else is lost without taking an answer along.
    func allowsRequest(asked: Int, due: Int) -> Bool {
        switch knowledge {
        case .none, .closedOnce: true
        case .announced(let answers): asked < answers
        case .silent(let answers, _): asked < answers || due == 0
        }
    }

    /// Whether a connection that is open behind so many answers shows that there is no such limit.
    func isOutlived(by answers: Int) -> Bool {
        switch knowledge {
        case .none, .closedOnce: false
        // It would have said so.
        case .announced(let limit): answers >= limit
        case .silent(let limit, _): answers > limit
        }
    }

    /// An answer was said to be the last of its connection; `number` counts from 1.
    mutating func announce(last number: Int) { knowledge = .announced(max(1, number)) }

    /// A connection was closed without a word behind so many whole answers, at least 1.
    mutating func close(after answers: Int) {
        switch knowledge {
        case .announced: break
        case .closedOnce(answers): knowledge = .silent(answers, times: 2)
        case .silent(answers, let times): knowledge = .silent(answers, times: times + 1)
        case .silent(let known, _) where known < answers: break
        case .none, .closedOnce, .silent: knowledge = answers == 1 ? .silent(1, times: 1) : .closedOnce(answers)
        }
    }

    /// A connection has broken while several answers were due: perhaps because of those behind the first.
    mutating func suspect() { if limit == nil { knowledge = .silent(1, times: 0) } }

    /// A connection goes on where it should have been closed.
    mutating func outlive() { knowledge = .none }
}
