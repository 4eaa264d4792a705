import FDLCore
import FDLCrypto

/// The publishers that count for one run: some by a key, some by their statements.
package struct AcceptedPublishers: Sendable {
    private let bare: [AcceptedPublisher]
    /// All whose statements are pinned: what they know of a key counts, whoever was named.
    package private(set) var pinned: [PinnedPublisher]
    private let accepts: @Sendable (PinnedPublisher) -> Bool

    /// - Parameter accepts: whether a pinned publisher was named, or nobody was.
    init(
        bare: [AcceptedPublisher],
        pinned: [PinnedPublisher],
        accepts: @escaping @Sendable (PinnedPublisher) -> Bool
    ) {
        self.bare = bare
        self.pinned = pinned
        self.accepts = accepts
    }

    /// Those who count. A key that a statement has ever named is not among them by itself.
    package var all: [AcceptedPublisher] {
        let named = Set(pinned.flatMap { $0.chain.named.map(\.bytes) })
        return pinned.filter(accepts).map(\.accepted)
            + bare.filter { publisher in !publisher.keys.contains { named.contains($0.key.bytes) } }
    }

    /// The pinned publishers whose later statements are to be asked for: those that know the key of a signature. If none
    /// does, it may be a new key of any of them.
    func concerned(by key: KeyID?) -> [Int] {
        let accepted = pinned.indices.filter { accepts(pinned[$0]) }
        let knowing = accepted.filter { index in pinned[index].chain.named.contains { $0.id == key } }
        let isBare = bare.contains { publisher in publisher.keys.contains { $0.key.id == key } }
        return knowing.isEmpty && !isBare ? accepted : knowing
    }

    /// The statements of a pinned publisher, if it counts.
    func expected(_ identity: PublisherIdentity) -> StatementChain? {
        pinned.first { accepts($0) && identity == .statement($0.chain.anchor) }?.chain
    }

    mutating func update(_ index: Int, to chain: StatementChain) { pinned[index].chain = chain }
}
