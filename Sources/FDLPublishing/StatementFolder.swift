public import FDLCore
public import FDLCrypto
public import FDLSystem
public import FDLTrust
import Glibc

/// A publisher's statements, where the publisher makes them: `publishers/NAME`, as it goes into a tree.
///
/// A statement that lacks signatures is no statement yet: it lies there as `VERSION.draft.json`, and takes its name when
/// the last key that it takes has signed.
public struct StatementFolder: Sendable {
    public let path: String
    private var published: StatementDirectory { StatementDirectory(path) }

    public init(_ path: String) {
        self.path = withoutTrailingSlashes(path)
    }

    /// All statements there, followed from the first.
    /// - Throws: `PublisherError`
    public func chain() throws(PublisherError) -> StatementChain {
        guard let first = try signed(1) else { throw .nothingThere(path: path) }
        do throws(StatementError) {
            var chain = try StatementChain(pinned: first.bytes)
            while let next = try? published.signed(chain.last.version + 1) { try chain.follow(next) }
            return chain
        } catch {
            throw .statement(error, path: path)
        }
    }

    /// Whether there is no statement yet.
    public var isEmpty: Bool { published.lastVersion() == nil }

    private func signed(_ version: Int64) throws(PublisherError) -> SignedStatement? {
        do throws(SystemError) { return try published.signed(version) } catch { throw .input(error) }
    }

    private func draft(_ version: Int64) -> String { "\(path)/\(version).draft.json" }

    /// The statement that waits for signatures; nil if none does.
    /// - Parameter last: the version of the last statement there; 0 if there is none.
    public func waiting(_ last: Int64) throws(PublisherError) -> SignedStatement? {
        let file = draft(last + 1)
        do throws(SystemError) {
            let bytes = try WholeFile.read(file, limit: PublisherStatement.maximumBytes)
            var signatures: [[UInt8]] = []
            for entry in try FileTree.regularFiles(beneath: path, descend: { _ in false }).files {
                guard FileNames.signed(bySignature: entry.path)?.document == splitLast(file).name else { continue }
                signatures.append(try WholeFile.read("\(path)/\(entry.path)", limit: MinisignSignature.maximumBytes))
            }
            return SignedStatement(bytes: bytes, signatures: signatures)
        } catch {
            if error.isNotFound { return nil }
            throw .input(error)
        }
    }

    /// Writes a statement with the signatures that it has: as a statement if they are enough, else as a draft.
    /// - Parameter chain: the statements before it; nil for the first.
    /// - Returns: the file, and the keys of which some have to sign yet: none if it is complete.
    public func write(
        _ signed: SignedStatement,
        _ statement: PublisherStatement,
        after chain: StatementChain?
    ) throws(PublisherError) -> (file: String, lacking: [PublicKey]) {
        let lacking = Self.lacking(signed, statement, after: chain)
        let isComplete = lacking.isEmpty
        do throws(SystemError) {
            try Directory.create(path)
            if isComplete {
                try published.write(signed, version: statement.version)
                removeDraft(statement.version)
                return ("\(path)/\(statement.version).json", [])
            }
            let file = draft(statement.version)
            var files: [(path: String, bytes: [UInt8])] = []
            for signature in signed.signatures {
                guard let key = try? MinisignSignature(parsing: signature).keyID else { continue }
                files.append((FileNames.signature(of: file, by: key.description), signature))
            }
            try WholeFile.replace(files + [(file, signed.bytes)], mode: 0o644)
            return (file, lacking)
        } catch {
            throw .output(error)
        }
    }

    /// The keys that have not signed and that a statement lacks still.
    private static func lacking(
        _ signed: SignedStatement,
        _ statement: PublisherStatement,
        after chain: StatementChain?
    ) -> [PublicKey] {
        let signers = signed.signers(statement.signingKeys + (chain?.last.signingKeys ?? []))
        var lacking: [PublicKey] = []
        for (keys, threshold) in [
            (chain?.last.signingKeys ?? [], chain?.last.threshold ?? 0), (statement.signingKeys, statement.threshold),
        ] {
            let missing = keys.filter { key in !signers.contains { $0.bytes == key.bytes } }
            guard keys.count - missing.count < threshold else { continue }
            lacking += missing.filter { key in !lacking.contains { $0.bytes == key.bytes } }
        }
        return lacking
    }

    private func removeDraft(_ version: Int64) {
        let file = draft(version)
        for entry in (try? FileTree.regularFiles(beneath: path, descend: { _ in false }).files) ?? [] {
            let name = "\(path)/\(entry.path)"
            if name == file || FileNames.signed(bySignature: name)?.document == file { _ = unlink(name) }
        }
    }
}

extension SignedStatement {
    /// Adds a signature.
    /// - Throws: `PublishingError.signing`
    public mutating func sign(
        with key: borrowing SecretKey,
        fileName: String,
        now: UTCTime
    ) throws(PublishingError) {
        do {
            let comment = MinisignSignature.comment(
                file: fileName,
                digest: SHA256Digest(hashing: bytes),
                secondsSince1970: now.secondsSince1970
            )
            signatures.append(try MinisignSignature(signing: bytes, with: key, trustedComment: comment).encoded)
        } catch {
            throw .signing(error)
        }
    }

    /// Which of some keys have signed it.
    func signers(_ keys: [PublicKey]) -> [PublicKey] {
        signatures.compactMap { try? MinisignSignature(parsing: $0).verify(bytes, acceptedKeys: keys) }
    }
}

/// Why a publisher's statement is not made.
public enum PublisherError: Error, Sendable, Hashable {
    case nothingThere(path: String)
    case thereAlready(path: String)
    case statement(StatementError, path: String)
    /// A key that does not sign for this publisher, before or after.
    case notItsKey(KeyID)
    case unknownKey(String)
    /// Nothing is signed that is not signed already.
    case nothingWaits(path: String)
    case input(SystemError)
    case output(SystemError)
}

extension PublisherError: CustomStringConvertible {
    public var description: String { failure.message }
}

extension PublisherError: Explained {
    /// What a person is told.
    public var failure: Failure {
        switch self {
        case .nothingThere(let path):
            Failure(.usage, "there is no publisher statement in \(path)", hint: "make one with fdl-sign publisher init")
        case .thereAlready(let path):
            Failure(
                .cannotCreate,
                "there are publisher statements in \(path) already",
                hint: "change them with fdl-sign publisher add-key, remove-key or sign, or choose another place with -o"
            )
        case .statement(let error, let path):
            Failure(.configuration, "\(path): \(error)", hint: Self.hint(of: error))
        case .notItsKey(let id):
            Failure(
                .configuration,
                "the key \(id) does not sign for this publisher",
                hint: "name one that the statement names: fdl-sign publisher add-key adds one"
            )
        case .unknownKey(let text):
            Failure(
                .usage,
                "the statement names no key \(shortened(text))",
                hint: "give the key's id or its .pub file, as the statement has it"
            )
        case .nothingWaits(let path):
            Failure(
                .usage,
                "no statement in \(path) waits for a signature",
                hint: "say what the next one is to change: --threshold, --expires or --maximum-age"
            )
        case .input(let error): error.failure(for: .input)
        case .output(let error): error.failure(for: .output)
        }
    }

    private static func hint(of error: StatementError) -> String? {
        switch error {
        case .thresholdUnmeetable: "lower it with --threshold, or add keys first"
        case .noFreshKey: "name a key for it with --fresh-key, or fdl-sign publisher add-key --role fresh"
        case .expiresMissing: "say with --expires how long the statement is valid, for instance 1y"
        default: error.failure.hint
        }
    }
}
