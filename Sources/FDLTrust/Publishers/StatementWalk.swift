public import FDLCore
import FDLCrypto

/// Asks for the statements that follow the last one a reader has, one after the other.
///
/// Every place is asked. The next statement that holds is taken from whichever has it; one that does not hold is refused
/// unless another place says that there is none: a single liar among several keeps nobody from downloading.
public struct StatementWalk: Sendable {
    private let places: [any StatementPlace]

    public init(_ places: [any StatementPlace]) {
        self.places = places
    }

    /// Walks from the last statement of `chain` to the last that is there.
    /// - Parameter follow: told of each step, after the chain has gone on: to keep it.
    /// - Returns: what was refused on the way although it was no reason to stop.
    /// - Throws: `Failure` (65) for a statement that does not hold, and what reading throws if no place can be read.
    public func walk(
        _ chain: inout StatementChain,
        follow: (SignedStatement, StatementChain) throws(Failure) -> Void
    ) async throws(Failure) -> [StatementError] {
        for _ in 0..<StatementChain.maximumSteps {
            switch try await next(chain) {
            case .step(let signed, let longer):
                chain = longer
                try follow(signed, longer)
            case .end(let refused): return refused
            }
        }
        if case .step = try await next(chain) {
            throw StatementError.tooManySteps(StatementChain.maximumSteps).failure
        }
        return []
    }

    /// Walks likewise.
    /// - Parameter ring: keeps each statement for its owner; nil if nothing is to be kept.
    package func walk(
        _ chain: inout StatementChain,
        keptIn ring: KeyRing?
    ) async throws(Failure) -> [StatementError] {
        try await walk(&chain) { (signed, longer) throws(Failure) in
            guard let ring else { return }
            try explaining { () throws(KeyRingError) in
                try ring.keep(signed, version: longer.last.version, of: longer.anchor)
            }
        }
    }

    private enum Next {
        case step(SignedStatement, StatementChain)
        case end(refused: [StatementError])
    }

    private func next(_ chain: StatementChain) async throws(Failure) -> Next {
        var refused: [StatementError] = []
        var unread: [Failure] = []
        var saysNone = places.isEmpty
        for place in places {
            do throws(Failure) {
                guard let signed = try await read(place, after: chain) else {
                    saysNone = true
                    continue
                }
                var longer = chain
                do throws(StatementError) {
                    try longer.follow(signed)
                    return .step(signed, longer)
                } catch {
                    refused.append(error)
                }
            } catch {
                unread.append(error)
            }
        }
        if !saysNone {
            if let first = refused.first { throw first.failure }
            if let first = unread.first { throw first }
        }
        return .end(refused: refused)
    }

    /// Reads the next statement, and as many of its signatures as it takes.
    private func read(_ place: any StatementPlace, after chain: StatementChain) async throws(Failure)
        -> SignedStatement?
    {
        let (name, version) = (chain.last.name, chain.last.version + 1)
        guard let bytes = try await place.statement(of: name, version: version) else { return nil }
        var signed = SignedStatement(bytes: bytes, signatures: [])
        if let first = try await place.signature(ofStatement: version, of: name, by: nil) {
            signed.signatures = [first]
        }
        let firstKey = signed.signatures.first.flatMap { try? MinisignSignature(parsing: $0).keyID }
        guard let statement = try? PublisherStatement(parsing: bytes) else { return signed }
        for key in chain.keys(for: statement) where key.id != firstKey && !chain.isMet(signed) {
            if let further = try await place.signature(ofStatement: version, of: name, by: key.id) {
                signed.signatures.append(further)
            }
        }
        return signed
    }
}
