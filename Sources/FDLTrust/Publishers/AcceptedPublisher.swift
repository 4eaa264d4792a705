public import FDLCore
public import FDLCrypto

/// A publisher whose manifests a reader accepts, and what that takes.
public struct AcceptedPublisher: Sendable, Hashable {
    public let identity: PublisherIdentity
    /// What the reader calls it; nil for the reader's own key, and for a key named for this time.
    public let label: String?
    /// The keys that may sign its manifests.
    public let keys: [SigningKey]
    /// How many of them each manifest needs.
    public let threshold: Int
    /// Keys that were its own once and are no longer.
    public let removed: [PublicKey]
    /// What names its manifests may have; any if there are none.
    public let names: [NamePattern]
    /// The last of its statements; nil if it is known by one key.
    public let statement: PublisherStatement?

    init(
        _ identity: PublisherIdentity,
        label: String?,
        keys: [SigningKey],
        threshold: Int,
        removed: [PublicKey],
        names: [NamePattern],
        statement: PublisherStatement? = nil
    ) {
        self.statement = statement
        self.identity = identity
        self.label = label
        self.keys = keys
        self.threshold = threshold
        self.removed = removed
        self.names = names
    }

    /// A publisher that is known by one key.
    package init(_ key: PublicKey, label: String? = nil, names: [NamePattern] = []) {
        self.init(
            PublisherIdentity(key),
            label: label,
            keys: [SigningKey(key)],
            threshold: 1,
            removed: [],
            names: names
        )
    }

    /// Whether these keys are as many as it takes, whatever the manifest says of itself.
    func mayBeMet(by signers: [PublicKey]) -> Bool {
        keys.count { key in signers.contains { $0.bytes == key.key.bytes } } >= threshold
    }

    /// Those of its keys that signed a manifest and count for it.
    func counted(_ signers: [PublicKey], for manifest: Manifest) -> [PublicKey] {
        keys.filter { key in
            key.counts(for: manifest.name, version: manifest.version)
                && signers.contains { $0.bytes == key.key.bytes }
        }.map(\.key)
    }

    /// Whether this is whom a name was followed from. A publisher that has a statement now may have been known by a key.
    func isKnown(as other: PublisherIdentity) -> Bool {
        if identity == other { return true }
        guard case .statement = identity, case .key(let bytes) = other else { return false }
        return keys.contains { $0.key.bytes == bytes } || removed.contains { $0.bytes == bytes }
    }

    /// Whether its manifests may have this name.
    func admits(_ name: ManifestName) -> Bool { names.isEmpty || names.contains { $0.matches(name) } }
}

extension AcceptedPublisher: CustomStringConvertible {
    /// Its label, or the id of its key.
    public var description: String { label ?? keys.first.map { "the key \($0.key.id)" } ?? "a publisher without keys" }
}

/// A key of a publisher that signs manifests.
public struct SigningKey: Sendable, Hashable {
    public let key: PublicKey
    /// For a key that signs no longer: the last version of each name that it counts for.
    public let until: [ManifestName: Int64]?

    package init(_ key: PublicKey, until: [ManifestName: Int64]? = nil) {
        self.key = key
        self.until = until
    }

    /// Whether its signature of such a manifest counts.
    func counts(for name: ManifestName, version: Int64) -> Bool {
        guard let until else { return true }
        return until[name].map { version <= $0 } ?? false
    }
}
