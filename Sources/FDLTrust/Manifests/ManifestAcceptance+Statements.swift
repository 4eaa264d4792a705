import FDLCore
import FDLCrypto

// The publishers' later statements, which are asked for before a manifest is judged.
extension ManifestAcceptance {
    /// Where a walk has led to, and what was refused on the way.
    typealias Walked = Result<(chain: StatementChain, refused: [StatementError]), Failure>

    /// The walk of the publisher whom the manifest's name was followed from so far. It goes on while the manifest is
    /// being read: its question, nearly always one for a statement that is not there, costs no time of its own.
    struct WalkAhead {
        /// Whom this user accepts.
        let accepted: AcceptedPublishers
        /// What was not taken into it; not told yet.
        let passedOver: [KeyRingError]
        let anchor: SHA256Digest
        let walked: Task<Walked, Never>

        /// Where it has led to. It ends with the task that waits for it.
        var end: Walked {
            get async {
                await withTaskCancellationHandler {
                    await walked.value
                } onCancel: {
                    walked.cancel()
                }
            }
        }
    }

    /// - Returns: nil if it is not known yet who is likely to have signed the manifest, or there is nobody to ask.
    func walkAhead(_ place: some ManifestPlace) throws(Failure) -> WalkAhead? {
        let places = place.statementPlaces
        guard !allowsUnsigned, !places.isEmpty, let name = name.flatMap({ ManifestName($0) }),
            let known = try followed(name),
            case .statement(let anchor) = known
        else { return nil }
        var passedOver: [KeyRingError] = []
        let accepted = try accepted { passedOver.append($0) }
        guard let chain = accepted.expected(known) else { return nil }
        let walked = Task { await walk(chain, places) }
        return WalkAhead(accepted: accepted, passedOver: passedOver, anchor: anchor, walked: walked)
    }

    /// Reads whom this user accepts, and asks for the later statements of those whom the manifest concerns.
    func load(
        _ signature: [UInt8],
        _ place: some ManifestPlace,
        _ ahead: WalkAhead?
    ) async throws(Failure) -> AcceptedPublishers {
        for error in ahead?.passedOver ?? [] { passedOver(error) }
        var accepted = if let ahead { ahead.accepted } else { try accepted(passedOver: passedOver) }
        for index in accepted.concerned(by: try? MinisignSignature(parsing: signature).keyID) {
            let publisher = accepted.pinned[index]
            let walked =
                if let ahead, ahead.anchor == publisher.chain.anchor { await ahead.end } else {
                    await walk(publisher.chain, place.statementPlaces)
                }
            let (chain, refused) = try walked.get()
            for error in refused { passedOver(.statement(error, path: publisher.label)) }
            accepted.update(index, to: chain)
        }
        return accepted
    }

    private func accepted(passedOver: (KeyRingError) -> Void) throws(Failure) -> AcceptedPublishers {
        try explaining { () throws(KeyRingError) in
            try KeyRing(directories: directories)
                .accepted(keys: publisherKeys, labels: publishers, passedOver: passedOver)
        }
    }

    /// Walks to a publisher's last statement, and keeps those that are new.
    private func walk(_ chain: StatementChain, _ places: [any StatementPlace]) async -> Walked {
        var chain = chain
        do throws(Failure) {
            let ring = usesState ? KeyRing(directories: directories) : nil
            let refused = try await StatementWalk(places).walk(&chain, keptIn: ring)
            return .success((chain, refused))
        } catch {
            return .failure(error)
        }
    }
}
