/// An error that a person can be told: it knows what happened, what to do about that, and the code to end with.
///
/// The hint belongs to the cause. So an error keeps the error that it came from, as a value and not as text. Its `failure`
/// is that of its cause, or adds what the cause cannot know.
public protocol Explained: Error {
    /// What a command says of it.
    var failure: Failure { get }
}

extension Failure: Explained {
    public var failure: Failure { self }
}

extension Failure {
    /// What a person is told of an error whose type was lost on the way.
    package init(of error: any Error) {
        switch error {
        case let error as any Explained: self = error.failure
        case is CancellationError: self = .interrupted
        default:
            self.init(.localIO, "\(error)", hint: "run the same command again; if it stays so, report it as a fault")
        }
    }

    /// The work was stopped by a signal, or by its caller.
    package static let interrupted = Failure(.interrupted, "interrupted", hint: "run the same command again")
}

/// Runs `body`, and turns what it throws into what a person is told.
package func explaining<Value: ~Copyable, Cause: Explained>(
    _ body: () throws(Cause) -> Value
) throws(Failure) -> Value {
    do throws(Cause) { return try body() } catch { throw error.failure }
}
