public import FDLCore
public import FDLCrypto

/// A publisher statement's exact bytes and those of its signatures: nobody has vouched for them yet.
public struct SignedStatement: Sendable, Hashable {
    public let bytes: [UInt8]
    public package(set) var signatures: [[UInt8]]

    public init(bytes: [UInt8], signatures: [[UInt8]]) {
        self.bytes = bytes
        self.signatures = signatures
    }
}

/// A publisher as its statements have it, from the one that a reader pinned to the last that is known.
///
/// Each next one is signed by the threshold of the keys before it and of its own (as the roots of TUF are), so that a
/// reader who trusts the first can trust the last.
public struct StatementChain: Sendable, Hashable {
    /// How many statements are walked in one run.
    public static let maximumSteps = 1_024

    /// The SHA-256 of the exact bytes of the pinned statement.
    public let anchor: SHA256Digest
    public private(set) var last: PublisherStatement
    /// Every key that any of the statements has named.
    public private(set) var named: [PublicKey]

    /// - Parameter pinned: the statement that the reader pins.
    public init(pinned: [UInt8]) throws(StatementError) {
        last = try PublisherStatement(parsing: pinned)
        anchor = SHA256Digest(hashing: pinned)
        named = last.keys.map(\.key)
    }

    /// The keys whose signatures of a next statement count.
    package func keys(for next: PublisherStatement) -> [PublicKey] {
        last.signingKeys + next.signingKeys.filter { key in !last.signingKeys.contains { $0.bytes == key.bytes } }
    }

    /// Goes on to the next statement.
    /// - Throws: `StatementError` if it is not the one that follows the last.
    public mutating func follow(_ signed: SignedStatement) throws(StatementError) {
        let next = try PublisherStatement(parsing: signed.bytes)
        guard next.name == last.name else { throw .otherName(next.name, expected: last.name) }
        guard next.version > last.version else { throw .lower(version: next.version, seen: last.version) }
        guard next.version == last.version + 1 else { throw .skips(version: next.version, after: last.version) }
        var signatures = CheckedSignatures(of: signed.bytes, keys: keys(for: next))
        for signature in signed.signatures { _ = signatures.check(signature) }
        let earlier = Self.count(last.signingKeys, among: signatures.signers)
        guard earlier >= last.threshold else {
            throw .lacksEarlier(version: next.version, found: earlier, needed: last.threshold)
        }
        let own = Self.count(next.signingKeys, among: signatures.signers)
        guard own >= next.threshold else {
            throw .lacksOwn(version: next.version, found: own, needed: next.threshold)
        }
        for key in next.keys where !named.contains(where: { $0.bytes == key.key.bytes }) { named.append(key.key) }
        last = next
    }

    /// Whether enough of these signatures hold for a next statement.
    package func isMet(_ signed: SignedStatement) -> Bool {
        var copy = self
        do throws(StatementError) {
            try copy.follow(signed)
            return true
        } catch {
            return false
        }
    }

    private static func count(_ keys: [PublicKey], among signers: [PublicKey]) -> Int {
        keys.count { key in signers.contains { $0.bytes == key.bytes } }
    }

    /// The publisher, as its last statement has it.
    package func accepted(label: String, names: [NamePattern]) -> AcceptedPublisher {
        let signing = last.keys.filter { $0.roles.contains(.sign) }
        return AcceptedPublisher(
            .statement(anchor),
            label: label,
            keys: signing.map { SigningKey($0.key, until: $0.until) },
            threshold: last.threshold,
            removed: named.filter { key in !last.keys.contains { $0.key.bytes == key.bytes } },
            names: names,
            statement: last
        )
    }
}
