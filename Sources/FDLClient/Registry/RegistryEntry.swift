import FDLCore

/// How a reader stands with a registry: whether it lets everybody in, wants a token, or has one. One for all
/// connections to a repository, so that they share a token and ask for it once.
struct RegistryEntry: Sendable {
    /// With what a request goes out.
    struct Pass: Hashable, Sendable {
        /// Counts the tokens; 0 is none.
        let number: Int
        let token: SecretText?

        static let none = Pass(number: 0, token: nil)
    }

    /// What a request may do.
    enum Permit: Hashable, Sendable {
        case go(Pass)
        /// Go without a token, alone: the answer shows whether one is needed.
        case ask
        /// Wait until that, or a new token, is there.
        case wait
        case refused(SourceError)
    }

    /// What follows from a 401 to a request.
    enum Consequence: Hashable, Sendable {
        /// It is asked again, by `permit`.
        case again
        /// A token is to be fetched, and then `received`.
        case fetch
        /// The registry is closed to this reader.
        case closed(SourceError)
    }

    private enum State {
        case unknown
        case asking
        /// `isProven`: a request with this pass has been let in.
        case open(Pass, isProven: Bool)
        case fetching
        case closed(SourceError)
    }

    private var state = State.unknown
    private var tokens = 0
    private var service: TokenFault.Service?

    mutating func permit() -> Permit {
        switch state {
        case .unknown:
            state = .asking
            return .ask
        case .asking, .fetching: return .wait
        case .open(let pass, _): return .go(pass)
        case .closed(let error): return .refused(error)
        }
    }

    /// A request was answered by something else than a challenge.
    /// - Returns: whether those that wait may go on.
    mutating func letIn(with pass: Pass) -> Bool {
        switch state {
        case .asking where pass == .none:
            state = .open(.none, isProven: true)
            return true
        case .open(pass, _): state = .open(pass, isProven: true)
        default: break
        }
        return false
    }

    /// The request that was to show whether a token is needed came to nothing.
    mutating func leftUnknown() {
        if case .asking = state { state = .unknown }
    }

    /// A request was answered by a challenge for a token.
    /// - Parameter service: where to get one.
    mutating func challenged(_ pass: Pass, by service: Result<TokenFault.Service, TokenFault>) -> Consequence {
        switch state {
        case .open(let current, let isProven) where current.number == pass.number:
            // A token that was good once has expired. One that never was will not become so.
            if !isProven, let service = self.service { return close(.refused(service)) }
        case .asking where pass == .none: break
        case .closed(let error): return .closed(error)
        default: return .again
        }
        switch service {
        case .failure(let fault): return close(fault)
        case .success(let service):
            self.service = service
            state = .fetching
            return .fetch
        }
    }

    /// The end of a `fetch`. After a failure that may pass, the next request shows how things stand.
    mutating func received(_ result: Result<SecretText, TokenFault>) {
        switch result {
        case .success(let token):
            tokens += 1
            state = .open(Pass(number: tokens, token: token), isProven: false)
        case .failure(let fault) where fault.isFinal: state = .closed(.token(fault))
        case .failure: state = .unknown
        }
    }

    /// What is wrong where a request is refused however often it has come with a new token.
    var refusal: SourceError { service.map { .token(.refused($0)) } ?? .forbidden(401) }

    private mutating func close(_ fault: TokenFault) -> Consequence {
        let error = SourceError.token(fault)
        state = .closed(error)
        return .closed(error)
    }
}
