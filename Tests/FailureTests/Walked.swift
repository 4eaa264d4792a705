import FDLCore
import Testing

/// A type of errors all of whose kinds can be gone through: each names the next. A new case does not compile before it
/// has its place, and then the table fails until it has its row.
protocol Walked: Explained {
    static var first: Self { get }
    /// One of the next kind; nil after the last.
    var next: Self? { get }
}

extension Walked {
    /// One of each kind.
    static var all: [Self] { Array(sequence(first: first, next: \.next)) }
}

/// What a person is to be told of one error: the code, what happened, and what to do about it.
struct Told: Equatable, CustomStringConvertible {
    let code: ExitCode
    let message: String
    let hint: String?

    init(_ code: ExitCode, _ message: String, _ hint: String) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    init(_ failure: Failure) {
        code = failure.exitCode
        message = failure.message
        hint = failure.hint
    }

    var description: String { "\(code) \(message)\n  \(hint ?? "-")" }
}

/// Checks that each kind of an error has its row, and is told as that says.
func expect<Cause: Walked>(
    _ type: Cause.Type,
    _ rows: [Told],
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(rows.count == Cause.all.count, "a row for each", sourceLocation: sourceLocation)
    for (error, row) in zip(Cause.all, rows) {
        #expect(Told(error.failure) == row, "\(error)", sourceLocation: sourceLocation)
    }
}
