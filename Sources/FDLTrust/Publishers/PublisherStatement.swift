public import FDLCore
public import FDLCrypto

/// Who may sign for a publisher, by the publisher's own word: `fdl-publisher-v1` (`docs/formats.md`).
///
/// A value of this type obeys the format's rules. Whether it is the publisher's, a `StatementChain` decides.
public struct PublisherStatement: Sendable, Hashable {
    /// The value of `format` that this code reads and writes.
    public static let format = "fdl-publisher-v1"
    package static let maximumBytes = 64 << 10
    /// How many keys a statement may name.
    package static let maximumKeys = 64
    package static let allowedVersions: ClosedRange<Int64> = 1...(1 << 53 - 1)

    /// What the publisher calls itself: the statements lie under it in a tree.
    public let name: ManifestName
    /// 1, 2, 3 and so on, without a gap.
    public let version: Int64
    public let created: UTCTime
    /// When the last statement of a chain stops being accepted; nil for never.
    public let expires: UTCTime?
    public let keys: [Key]
    /// How many distinct keys must have signed each manifest, and the next statement.
    public let threshold: Int
    /// How old, in seconds, the word that a manifest is the newest may be; nil if none is needed.
    public let maximumAge: Int64?

    /// What a key is for.
    public enum Role: String, Sendable, Hashable, CaseIterable {
        /// Manifests and statements.
        case sign
        /// That a manifest is still the newest.
        case fresh
    }

    /// One key of a publisher.
    public struct Key: Sendable, Hashable {
        public let key: PublicKey
        public let roles: Set<Role>
        /// For a key that was retired: the last version of each name that it counts for.
        public let until: [ManifestName: Int64]?

        public init(_ key: PublicKey, roles: Set<Role>, until: [ManifestName: Int64]? = nil) {
            self.key = key
            self.roles = roles
            self.until = until
        }

        /// Whether it signs manifests and statements today.
        var signs: Bool { roles.contains(.sign) && until == nil }
    }

    /// Checks the rules that hold between the fields.
    /// - Throws: `StatementError`
    public init(
        name: ManifestName,
        version: Int64,
        created: UTCTime,
        expires: UTCTime?,
        keys: [Key],
        threshold: Int,
        maximumAge: Int64?
    ) throws(StatementError) {
        guard Self.allowedVersions.contains(version) else { throw .text(.versionOutOfRange) }
        guard keys.count <= Self.maximumKeys else { throw .tooManyKeys(keys.count) }
        for (index, key) in keys.enumerated() {
            let isTwice = keys[..<index].contains { $0.key.id == key.key.id || $0.key.bytes == key.key.bytes }
            if isTwice { throw .keyTwice(key.key.id) }
        }
        let signing = keys.count { $0.signs }
        guard (1...max(1, signing)).contains(threshold), signing > 0 else {
            throw .thresholdUnmeetable(threshold, keys: signing)
        }
        if let maximumAge {
            guard maximumAge > 0 else { throw .text(.invalidField("maximumAge", reason: "it is not above 0")) }
            guard keys.contains(where: { $0.roles.contains(.fresh) && $0.until == nil }) else { throw .noFreshKey }
            guard expires != nil else { throw .expiresMissing }
        }
        self.name = name
        self.version = version
        self.created = created
        self.expires = expires
        self.keys = keys
        self.threshold = threshold
        self.maximumAge = maximumAge
    }

    /// The keys that sign today.
    package var signingKeys: [PublicKey] { keys.filter(\.signs).map(\.key) }

    /// The keys that may say that a manifest is the newest.
    package var freshKeys: [PublicKey] {
        keys.filter { $0.roles.contains(.fresh) && $0.until == nil }.map(\.key)
    }

    /// Refuses one that has expired, or that is of more than a day from now.
    package func check(now: UTCTime) throws(StatementError) {
        if let expires, now >= expires { throw .expired(version: version, at: expires, now: now) }
        let limit = now.secondsSince1970.addingReportingOverflow(Freshness.leewaySeconds).partialValue
        guard created.secondsSince1970 <= limit else { throw .notYetMade(created: created, now: now) }
    }
}

// MARK: - The text

extension PublisherStatement {
    /// The statement's text: the same for the same value.
    public var encoded: [UInt8] {
        var lines = [
            "\"format\": \"\(Self.format)\"", "\"name\": \(JSONText.quoted(name.string))", "\"version\": \(version)",
            "\"created\": \"\(created)\"",
        ]
        if let expires { lines.append("\"expires\": \"\(expires)\"") }
        let keys = keys.map { key in
            let roles = Role.allCases.filter(key.roles.contains).map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
            let until = key.until.map { until in
                let versions = until.sorted { $0.key.string < $1.key.string }
                    .map { "\(JSONText.quoted($0.key.string)): \($0.value)" }
                return ", \"until\": {\(versions.joined(separator: ", "))}"
            }
            return "    {\"key\": \"\(key.key.minisignLine)\", \"roles\": [\(roles)]\(until ?? "")}"
        }
        lines.append("\"keys\": [\n\(keys.joined(separator: ",\n"))\n  ]")
        lines.append("\"threshold\": \(threshold)")
        if let maximumAge { lines.append("\"freshness\": {\"maximumAge\": \(maximumAge)}") }
        return Array("{\n\(lines.map { "  " + $0 }.joined(separator: ",\n"))\n}\n".utf8)
    }

    /// Reads `fdl-publisher-v1`. Unknown members, and roles that are not known, are passed over.
    /// - Throws: `StatementError`, the first rule the text breaks.
    public init(parsing bytes: [UInt8]) throws(StatementError) {
        guard bytes.count <= Self.maximumBytes else { throw .text(.tooLarge(bytes: bytes.count)) }
        let draft = bytes.withUnsafeBytes { raw in Result { () throws(StatementError) in try StatementDraft(raw) } }
        self = try draft.get().statement()
    }
}

/// The members read so far.
private struct StatementDraft {
    private var name: ManifestName?
    private var version: Int64?
    private var created: UTCTime?
    private var expires: UTCTime?
    private var keys: [PublisherStatement.Key]?
    private var threshold: Int64 = 1
    private var maximumAge: Int64?
    private var keyFault: KeyError?

    init(_ bytes: UnsafeRawBufferPointer) throws(StatementError) {
        do throws(ManifestError) { try read(bytes) } catch {
            if let keyFault { throw .key(keyFault) }
            throw .text(error)
        }
    }

    private mutating func read(_ bytes: UnsafeRawBufferPointer) throws(ManifestError) {
        try DocumentReader.read(bytes, format: PublisherStatement.format) { (field, reader) throws(ManifestError) in
            switch field {
            case "name": name = try DocumentReader.name(field, &reader)
            case "version": version = try DocumentReader.version(field, &reader)
            case "created": created = try DocumentReader.time(field, &reader)
            case "expires": expires = try DocumentReader.time(field, &reader)
            case "threshold": threshold = try DocumentReader.number(field, &reader)
            case "freshness":
                var age: Int64?
                try reader.object(field) { (field, reader) throws(ManifestError) in
                    if field == "maximumAge" {
                        age = try DocumentReader.number(field, &reader)
                    } else {
                        try reader.skipValue()
                    }
                }
                guard let age else { throw .missingField("maximumAge") }
                maximumAge = age
            case "keys":
                var read: [PublisherStatement.Key] = []
                try reader.array(field) { (reader) throws(ManifestError) in
                    guard read.count <= PublisherStatement.maximumKeys else { return try reader.skipValue() }
                    read.append(try readKey(&reader))
                }
                keys = read
            default: try reader.skipValue()
            }
        }
    }

    private mutating func readKey(_ reader: inout JSONReader) throws(ManifestError) -> PublisherStatement.Key {
        var key: PublicKey?
        var roles: Set<PublisherStatement.Role>?
        var until: [ManifestName: Int64]?
        try reader.object("keys[]") { (field, reader) throws(ManifestError) in
            switch field {
            case "key":
                let text = try reader.string(field)
                do throws(KeyError) { key = try PublicKey(minisign: text) } catch {
                    keyFault = error
                    throw .invalidField(field, reason: "it is no key")
                }
                guard key?.minisignLine == text else {
                    throw .invalidField(field, reason: "it is not the second line of a minisign public key")
                }
            case "roles":
                var read: Set<PublisherStatement.Role> = []
                try reader.array(field) { (reader) throws(ManifestError) in
                    if let role = PublisherStatement.Role(rawValue: try reader.string(field)) { read.insert(role) }
                }
                roles = read
            case "until":
                var read: [ManifestName: Int64] = [:]
                try reader.object(field) { (name, reader) throws(ManifestError) in
                    guard let known = ManifestName(name) else { throw .invalidName(name) }
                    read[known] = try DocumentReader.version(field, &reader)
                }
                until = read
            default: try reader.skipValue()
            }
        }
        guard let key else { throw .missingField("key") }
        guard let roles else { throw .missingField("roles") }
        return PublisherStatement.Key(key, roles: roles, until: until)
    }

    func statement() throws(StatementError) -> PublisherStatement {
        guard let name else { throw .text(.missingField("name")) }
        guard let version else { throw .text(.missingField("version")) }
        guard let created else { throw .text(.missingField("created")) }
        guard let keys else { throw .text(.missingField("keys")) }
        return try PublisherStatement(
            name: name,
            version: version,
            created: created,
            expires: expires,
            keys: keys,
            threshold: Int(clamping: threshold),
            maximumAge: maximumAge
        )
    }
}
