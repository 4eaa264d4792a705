public import FDLCore
import FDLCrypto

/// The word of a publisher's server that a manifest is still the newest: `fdl-fresh-v1` (`docs/formats.md`).
///
/// Its key may lie on a server: it can say that a manifest is current, never what is in one.
public struct FreshStatement: Sendable, Hashable {
    /// The value of `format` that this code reads and writes.
    public static let format = "fdl-fresh-v1"
    package static let maximumBytes = 16 << 10

    /// The manifest's name and version, and the SHA-256 of its exact bytes.
    public let name: ManifestName
    public let version: Int64
    public let digest: SHA256Digest
    /// The version of the publisher statement that was the last one then.
    public let publisherVersion: Int64
    public let created: UTCTime
    public let expires: UTCTime

    public init(
        name: ManifestName,
        version: Int64,
        digest: SHA256Digest,
        publisherVersion: Int64,
        created: UTCTime,
        expires: UTCTime
    ) {
        self.name = name
        self.version = version
        self.digest = digest
        self.publisherVersion = publisherVersion
        self.created = created
        self.expires = expires
    }

    /// The text: the same for the same value.
    public var encoded: [UInt8] {
        Array(
            """
            {
              "format": "\(Self.format)",
              "name": \(JSONText.quoted(name.string)),
              "version": \(version),
              "sha256": "\(digest.hex)",
              "publisherVersion": \(publisherVersion),
              "created": "\(created)",
              "expires": "\(expires)"
            }

            """.utf8
        )
    }

    /// Reads `fdl-fresh-v1`. Unknown members are passed over.
    /// - Throws: `ManifestError`, the first rule the text breaks.
    package init(parsing bytes: [UInt8]) throws(ManifestError) {
        guard bytes.count <= Self.maximumBytes else { throw .tooLarge(bytes: bytes.count) }
        var name: ManifestName?
        var version: Int64?
        var digest: SHA256Digest?
        var publisherVersion: Int64?
        var created: UTCTime?
        var expires: UTCTime?
        let read = bytes.withUnsafeBytes { raw in
            Result { () throws(ManifestError) in
                try DocumentReader.read(raw, format: Self.format) { (field, reader) throws(ManifestError) in
                    switch field {
                    case "name": name = try DocumentReader.name(field, &reader)
                    case "version": version = try DocumentReader.version(field, &reader)
                    case "sha256": digest = try DocumentReader.digest(field, &reader)
                    case "publisherVersion": publisherVersion = try DocumentReader.version(field, &reader)
                    case "created": created = try DocumentReader.time(field, &reader)
                    case "expires": expires = try DocumentReader.time(field, &reader)
                    default: try reader.skipValue()
                    }
                }
            }
        }
        try read.get()
        guard let name else { throw .missingField("name") }
        guard let version else { throw .missingField("version") }
        guard let digest else { throw .missingField("sha256") }
        guard let publisherVersion else { throw .missingField("publisherVersion") }
        guard let created else { throw .missingField("created") }
        guard let expires else { throw .missingField("expires") }
        self.init(
            name: name,
            version: version,
            digest: digest,
            publisherVersion: publisherVersion,
            created: created,
            expires: expires
        )
    }
}

/// The bytes of a statement of freshness and of its signature: nobody has vouched for them yet.
public struct SignedFreshness: Sendable, Hashable {
    public let bytes: [UInt8]
    public let signature: [UInt8]

    public init(bytes: [UInt8], signature: [UInt8]) {
        self.bytes = bytes
        self.signature = signature
    }

    /// Verifies it, and holds it against the manifest that it is to be of.
    /// - Parameter statement: of the manifest's publisher; its last one.
    /// - Throws: `StalenessError`
    package func verify(
        for verified: VerifiedManifest,
        by statement: PublisherStatement
    ) throws(StalenessError) -> FreshStatement {
        var signatures = CheckedSignatures(of: bytes, keys: statement.freshKeys)
        if let fault = signatures.check(signature) { throw .signature(fault) }
        let fresh: FreshStatement
        do { fresh = try FreshStatement(parsing: bytes) } catch { throw .text(error) }
        let manifest = verified.manifest
        guard fresh.name == manifest.name else { throw .otherName(fresh.name, expected: manifest.name) }
        guard fresh.version == manifest.version else {
            throw .otherVersion(fresh.version, manifest: manifest.version)
        }
        guard fresh.digest == verified.digest else { throw .otherContent(fresh.digest, manifest: verified.digest) }
        return fresh
    }
}

extension FreshStatement {
    /// Refuses one that is too old.
    /// - Parameters:
    ///   - statement: of the publisher; the last one that this reader has.
    ///   - maximumAge: in seconds.
    package func check(
        _ statement: PublisherStatement,
        maximumAge: Int64,
        now: UTCTime
    ) throws(StalenessError) {
        guard publisherVersion <= statement.version else {
            throw .statementHeldBack(version: publisherVersion, have: statement.version)
        }
        let age = now.secondsSince1970 - created.secondsSince1970
        guard age >= -Freshness.leewaySeconds else { throw .notYetMade(created: created, now: now) }
        guard age <= maximumAge else { throw .stale(age: age, maximum: maximumAge, now: now) }
        guard now < expires else { throw .expired(at: expires, now: now) }
    }
}
