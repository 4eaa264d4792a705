package import FDLCore
import FDLCrypto
import FDLSystem
import Glibc

/// A publisher whose statement the user has pinned.
public struct PinnedPublisher: Sendable, Hashable {
    public let label: String
    /// The names it is accepted for; for all if there are none.
    public let names: [NamePattern]
    /// From the pinned statement to the last that has been seen.
    public package(set) var chain: StatementChain

    package var accepted: AcceptedPublisher { chain.accepted(label: label, names: names) }
}

// The pinned statements, in the configuration directory: `trusted/LABEL.publisher.json`, the exact bytes. Those that
// follow them are kept in the state directory, below `publishers/ANCHOR`, ANCHOR being the SHA-256 of those bytes.
extension KeyRing {
    private static let pinnedSuffix = ".publisher.json"

    /// The publishers whose statements are pinned, sorted by label.
    /// - Parameter passedOver: told of each file that holds no statement.
    /// - Throws: `KeyRingError.keptDamaged` if what is kept of the later statements does not follow: without them, keys
    ///   that a publisher has removed would count.
    public func pinnedPublishers(
        passedOver: (KeyRingError) -> Void = { _ in }
    ) throws(KeyRingError) -> [PinnedPublisher] {
        var publishers: [PinnedPublisher] = []
        for label in try labels(Self.pinnedSuffix) {
            let prefix = "\(try trustedDirectory)/\(label)"
            let path = prefix + Self.pinnedSuffix
            let chain: StatementChain
            let names: [NamePattern]
            do throws(KeyRingError) {
                chain = try Self.pinned(path)
                names = try patterns(prefix)
            } catch {
                passedOver(error)
                continue
            }
            publishers.append(PinnedPublisher(label: label, names: names, chain: try kept(chain)))
        }
        return publishers
    }

    private static func pinned(_ path: String) throws(KeyRingError) -> StatementChain {
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try WholeFile.read(path, limit: PublisherStatement.maximumBytes) } catch {
            throw .system(error)
        }
        do throws(StatementError) { return try StatementChain(pinned: bytes) } catch {
            throw .statement(error, path: path)
        }
    }

    private func kept(_ pinned: StatementChain) throws(KeyRingError) -> StatementChain {
        // Where there is no place for state, nothing has been kept.
        guard let directory = try? statements(of: pinned.anchor) else { return pinned }
        var chain = pinned
        while let signed = try read(directory, chain.last.version + 1) {
            do throws(StatementError) { try chain.follow(signed) } catch {
                throw .keptDamaged(path: directory.file(chain.last.version + 1), error)
            }
        }
        return chain
    }

    private func read(_ directory: StatementDirectory, _ version: Int64) throws(KeyRingError) -> SignedStatement? {
        do throws(SystemError) { return try directory.signed(version) } catch { throw .system(error) }
    }

    func statements(of anchor: SHA256Digest) throws(UserDirectoryError) -> StatementDirectory {
        StatementDirectory("\(try directories.state)/publishers/\(anchor.hex)")
    }

    /// Keeps a statement that follows the last one.
    package func keep(
        _ signed: SignedStatement,
        version: Int64,
        of anchor: SHA256Digest
    ) throws(KeyRingError) {
        let directory: StatementDirectory
        do throws(UserDirectoryError) { directory = try statements(of: anchor) } catch { throw .directory(error) }
        do throws(SystemError) { try directory.write(signed, version: version) } catch { throw .system(error) }
    }

    /// Pins a publisher's statement.
    /// - Parameters:
    ///   - bytes: the statement's exact bytes.
    ///   - label: what to call the publisher; by default the name in the statement.
    ///   - names: the names it is accepted for, for all if there are none.
    /// - Throws: `KeyRingError.labelTaken` if another publisher has the label, `.pinnedAlready` if this one has another.
    @discardableResult
    public func pin(
        _ bytes: [UInt8],
        label: String? = nil,
        names: [NamePattern] = []
    ) throws(KeyRingError) -> PinnedPublisher {
        let chain: StatementChain
        do throws(StatementError) { chain = try StatementChain(pinned: bytes) } catch {
            throw .statement(error, path: "it")
        }
        let label = label ?? chain.last.name.string
        guard Self.isLabel(label) else { throw .invalidLabel(label) }
        if let known = try pinnedPublishers().first(where: { $0.chain.anchor == chain.anchor }) {
            guard known.label == label else { throw .pinnedAlready(label: known.label) }
            if names.isEmpty { return known }
        } else if try (labels(FileNames.publicKeySuffix) + labels(Self.pinnedSuffix)).contains(label) {
            throw .labelTaken(label)
        }
        let prefix = "\(try trustedDirectory)/\(label)"
        try create(try trustedDirectory)
        do throws(SystemError) {
            try writePatterns(names, prefix)
            try WholeFile.replace(prefix + Self.pinnedSuffix, with: bytes, mode: 0o644)
        } catch {
            throw .system(error)
        }
        return PinnedPublisher(label: label, names: names, chain: try kept(chain))
    }

    /// Pins a publisher no longer.
    /// - Returns: nil if no pinned publisher has the label.
    package func unpin(_ label: String) throws(KeyRingError) -> PublisherIdentity? {
        guard try labels(Self.pinnedSuffix).contains(label) else { return nil }
        let prefix = "\(try trustedDirectory)/\(label)"
        let chain = try? Self.pinned(prefix + Self.pinnedSuffix)
        try removeFile(prefix + Self.pinnedSuffix)
        try removePatterns(prefix)
        return chain.map { .statement($0.anchor) }
    }
}
