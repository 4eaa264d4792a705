public import FDLCore
public import FDLCrypto
public import FDLTrust

/// What a next publisher statement says otherwise than the one before it.
public struct PublisherChange: Sendable {
    public enum Keys: Sendable {
        case same
        /// One more, or further roles for one that is there.
        case add(PublicKey, roles: Set<PublisherStatement.Role>)
        /// One fewer: it counts for nothing any more.
        case remove(PublicKey)
        /// It signs nothing any more; what it signed counts up to these versions.
        case retire(PublicKey, until: [ManifestName: Int64])
    }

    public var keys = Keys.same
    public var threshold: Int?
    /// In seconds from now; by default as long as the statement before was valid for.
    public var lifetime: Int64?
    /// In seconds; 0 for none.
    public var maximumAge: Int64?

    public init() {}

    /// The statement that follows another.
    /// - Throws: `StatementError`
    public func next(after last: PublisherStatement, now: UTCTime) throws(StatementError) -> PublisherStatement {
        let before = last.expires.map { $0.secondsSince1970 - last.created.secondsSince1970 }
        let expires = (lifetime ?? before).map { UTCTime(secondsSince1970: now.secondsSince1970 + $0) }
        return try PublisherStatement(
            name: last.name,
            version: last.version + 1,
            created: now,
            expires: expires,
            keys: changed(last.keys),
            threshold: threshold ?? last.threshold,
            maximumAge: maximumAge.map { $0 == 0 ? nil : $0 } ?? last.maximumAge
        )
    }

    private func changed(_ keys: [PublisherStatement.Key]) -> [PublisherStatement.Key] {
        func isOne(_ key: PublicKey) -> (PublisherStatement.Key) -> Bool { { $0.key.bytes == key.bytes } }
        switch self.keys {
        case .same: return keys
        case .add(let key, let roles):
            guard let index = keys.firstIndex(where: isOne(key)) else { return keys + [.init(key, roles: roles)] }
            var changed = keys
            changed[index] = .init(keys[index].key, roles: keys[index].roles.union(roles))
            return changed
        case .remove(let key): return keys.filter { !isOne(key)($0) }
        case .retire(let key, let until):
            return keys.map { isOne(key)($0) ? .init($0.key, roles: [.sign], until: until) : $0 }
        }
    }
}
