import FDLCore
import Synchronization

/// The entry to one repository that all its connections share, and the requests that wait for it.
final class RegistryLogin: Sendable {
    typealias Pass = RegistryEntry.Pass

    /// Called once what was waited for is there.
    /// - Parameter error: why it never will be; nil if it is worth asking again.
    typealias Wake = @Sendable (_ error: SourceError?) -> Void

    private struct State {
        var entry = RegistryEntry()
        var waiting: [Wake] = []

        mutating func takeWaiting() -> [Wake] {
            defer { waiting = [] }
            return waiting
        }
    }

    private let state = Mutex(State())
    private let tokens: TokenFetcher

    init(_ tokens: TokenFetcher) {
        self.tokens = tokens
    }

    /// - Parameter wake: called where the permit is `.wait`.
    func permit(wake: @escaping Wake) -> RegistryEntry.Permit {
        state.withLock { state in
            let permit = state.entry.permit()
            if permit == .wait { state.waiting.append(wake) }
            return permit
        }
    }

    /// What is wrong where a request is refused however often it has come with a new token.
    var refusal: SourceError { state.withLock { $0.entry.refusal } }

    func letIn(with pass: Pass) {
        let waiting = state.withLock { $0.entry.letIn(with: pass) ? $0.takeWaiting() : [] }
        for wake in waiting { wake(nil) }
    }

    /// The request that was permitted by `.ask` came to nothing.
    func leftUnknown() {
        let waiting = state.withLock { state in
            state.entry.leftUnknown()
            return state.takeWaiting()
        }
        for wake in waiting { wake(nil) }
    }

    /// A request was answered by a challenge.
    /// - Returns: why it cannot be asked again; nil if it can, by `permit`.
    func challenged(_ pass: Pass, by challenge: AuthenticationChallenge) -> SourceError? {
        let service = Result { () throws(TokenFault) in try tokens.service(challenge) }
        let (consequence, waiting) = state.withLock { state in
            let consequence = state.entry.challenged(pass, by: service)
            guard case .closed = consequence else { return (consequence, [Wake]()) }
            return (consequence, state.takeWaiting())
        }
        switch consequence {
        case .again: return nil
        case .fetch:
            if case .success(let service) = service { fetch(from: service) }
            return nil
        case .closed(let error):
            for wake in waiting { wake(error) }
            return error
        }
    }

    private func fetch(from service: TokenFault.Service) {
        Task {
            let result: Result<SecretText, TokenFault>
            do throws(TokenFault) { result = .success(try await tokens.token(of: service)) } catch {
                result = .failure(error)
            }
            let waiting = state.withLock { state in
                state.entry.received(result)
                return state.takeWaiting()
            }
            let error: SourceError? = if case .failure(let fault) = result { .token(fault) } else { nil }
            for wake in waiting { wake(error) }
        }
    }
}
