import FDLCore
public import FDLCrypto
import FDLSystem
import Glibc

// The publishers that the user accepts: in the configuration directory, `trusted/LABEL.pub`, and beside it
// `trusted/LABEL.for` with the patterns of the names that it is accepted for, one a line, if not for all.
extension KeyRing {
    /// One accepted publisher.
    public struct TrustedPublisher: Sendable, Hashable {
        public let label: String
        public let key: PublicKey
        /// The names it is accepted for; for all if there are none.
        public let names: [NamePattern]
    }

    private static let patternsSuffix = ".for"

    /// The publishers this user accepts, sorted by label.
    /// - Parameter passedOver: told of each file that holds no key. One bad file keeps no other from being read.
    public func trustedPublishers(
        passedOver: (KeyRingError) -> Void = { _ in }
    ) throws(KeyRingError) -> [TrustedPublisher] {
        var publishers: [TrustedPublisher] = []
        for label in try labels(FileNames.publicKeySuffix) {
            do throws(KeyRingError) { publishers.append(try publisher(label)) } catch { passedOver(error) }
        }
        return publishers
    }

    func labels(_ suffix: String) throws(KeyRingError) -> [String] {
        let trustedDirectory = try trustedDirectory
        do throws(SystemError) {
            let files = try FileTree.regularFiles(beneath: trustedDirectory, descend: { _ in false }).files
            return files.map(\.path).filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) }
        } catch {
            if error.isNotFound { return [] }
            throw .system(error)
        }
    }

    private func publisher(_ label: String) throws(KeyRingError) -> TrustedPublisher {
        let directory = try trustedDirectory
        let key = try KeyFile.publicKey(FileNames.publicKey("\(directory)/\(label)"))
        return TrustedPublisher(label: label, key: key, names: try patterns("\(directory)/\(label)"))
    }

    func patterns(_ prefix: String) throws(KeyRingError) -> [NamePattern] {
        let path = prefix + Self.patternsSuffix
        let text: [UInt8]
        do throws(SystemError) { text = try WholeFile.read(path, limit: 64 << 10) } catch {
            if error.isNotFound { return [] }
            throw .system(error)
        }
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
        let patterns = lines.compactMap { NamePattern(String($0)) }
        guard !lines.isEmpty, patterns.count == lines.count else { throw .patternsDamaged(path: path) }
        return patterns
    }

    /// The keys whose manifests this user accepts: the own one and the trusted ones.
    public func acceptedKeys() throws(KeyRingError) -> [PublicKey] {
        let own = try ownPublicKey()
        return (own.map { [$0] } ?? []) + (try trustedPublishers().map(\.key))
    }

    /// What `--publisher-key` and `--publisher` mean: the publishers given and no others. Without any, the own key and
    /// the trusted publishers.
    ///
    /// A key that any pinned publisher's statement has ever named counts through that statement alone.
    /// - Parameters:
    ///   - keys: each the path of a public key file, or such a file's second line.
    ///   - labels: of trusted publishers.
    ///   - passedOver: told of each file in the trust store that holds neither key nor statement.
    package func accepted(
        keys: [String],
        labels: [String],
        passedOver: (KeyRingError) -> Void = { _ in }
    ) throws(KeyRingError) -> AcceptedPublishers {
        var given: [PublicKey] = []
        for argument in keys {
            // A line is 56 characters of base64; a file of that name would have to be meant.
            let key = if let key = try? PublicKey(minisign: argument) { key } else { try KeyFile.publicKey(argument) }
            given.append(key)
        }
        var bare = given.map { AcceptedPublisher($0) }
        let isAll = keys.isEmpty && labels.isEmpty
        if isAll, let own = try ownPublicKey() { bare.append(AcceptedPublisher(own)) }
        // Whoever names keys needs no trust store; if there is one, what it knows of those keys counts.
        let pinned = given.isEmpty ? try pinnedPublishers(passedOver: passedOver) : try pinnedIfAny()
        let trusted = labels.isEmpty && !isAll ? [] : try trustedPublishers(passedOver: passedOver)
        for label in labels
        where !trusted.contains(where: { $0.label == label }) && !pinned.contains(where: { $0.label == label }) {
            throw .unknownPublisher(label)
        }
        bare += trusted.filter { isAll || labels.contains($0.label) }
            .map { AcceptedPublisher($0.key, label: $0.label, names: $0.names) }
        let named = Set(given.map(\.bytes))
        return AcceptedPublishers(bare: bare, pinned: pinned) { publisher in
            isAll || labels.contains(publisher.label)
                || publisher.chain.named.contains { named.contains($0.bytes) }
        }
    }

    private func pinnedIfAny() throws(KeyRingError) -> [PinnedPublisher] {
        do throws(KeyRingError) { return try pinnedPublishers() } catch {
            if case .directory = error { return [] }
            throw error
        }
    }

    /// Accepts a publisher from now on.
    /// - Parameters:
    ///   - label: what to call it, 1 to 64 of `[A-Za-z0-9._-]` and no dot first; by default the key's id.
    ///   - names: the names it is accepted for. For all if there are none; of a publisher that is known already, those
    ///     of before stay then.
    /// - Throws: `KeyRingError.labelTaken` if another key has the label.
    @discardableResult
    public func trust(
        _ key: PublicKey,
        label: String? = nil,
        names: [NamePattern] = []
    ) throws(KeyRingError) -> TrustedPublisher {
        let label = label ?? key.id.description
        guard Self.isLabel(label) else { throw .invalidLabel(label) }
        let prefix = "\(try trustedDirectory)/\(label)"
        let isKnown = try labels(FileNames.publicKeySuffix).contains(label)
        if try pinnedPublishers().contains(where: { $0.label == label }) { throw .labelTaken(label) }
        if isKnown {
            let known = try publisher(label)
            guard known.key == key else { throw .labelTaken(label) }
            if names.isEmpty { return known }
        }
        try create(try trustedDirectory)
        do throws(SystemError) {
            // The key comes last: it is never accepted for more than was said.
            try writePatterns(names, prefix)
            if !isKnown {
                try WholeFile.create(FileNames.publicKey(prefix), with: Array(key.minisignText.utf8), mode: 0o644)
            }
        } catch {
            throw error.code == EEXIST ? .labelTaken(label) : .system(error)
        }
        return TrustedPublisher(label: label, key: key, names: names)
    }

    func writePatterns(_ names: [NamePattern], _ prefix: String) throws(SystemError) {
        if names.isEmpty {
            // Of a publisher that was removed halfway.
            _ = unlink(prefix + Self.patternsSuffix)
        } else {
            let text = names.map { "\($0)\n" }.joined()
            try WholeFile.replace(prefix + Self.patternsSuffix, with: Array(text.utf8), mode: 0o644)
        }
    }

    func removePatterns(_ prefix: String) throws(KeyRingError) { try removeFile(prefix + Self.patternsSuffix) }

    func removeFile(_ path: String) throws(KeyRingError) {
        guard unlink(path) == 0 || errno == ENOENT else {
            throw .system(SystemError(operation: .remove, path: path, code: errno))
        }
    }

    /// What `distrust` has done.
    public struct Removal: Sendable, Hashable {
        /// The label that is gone.
        public let label: String
        /// nil if the file held no key, or the publisher is known by its statement.
        public let key: PublicKey?
        /// Whom nobody is known as any more; nil if the same publisher has further labels.
        public let identity: PublisherIdentity?
        /// The labels under which the same key is still accepted.
        public let others: [String]
    }

    /// Accepts a publisher no longer.
    /// - Parameter name: its label, or its key's id, which may stand for several.
    /// - Returns: those removed, at least one.
    @discardableResult
    public func distrust(_ name: String) throws(KeyRingError) -> [Removal] {
        let trusted = try trustedPublishers()
        if let identity = try unpin(name) {
            return [Removal(label: name, key: nil, identity: identity, others: [])]
        }
        // What holds no key has a label all the same.
        let found = try labels(FileNames.publicKeySuffix).filter { label in
            label == name || trusted.contains { $0.label == label && $0.key.id.description == name.uppercased() }
        }
        guard !found.isEmpty else { throw .unknownPublisher(name) }
        for label in found {
            let prefix = "\(try trustedDirectory)/\(label)"
            try removeFile(FileNames.publicKey(prefix))
            try removePatterns(prefix)
        }
        return found.map { label in
            let key = trusted.first { $0.label == label }?.key
            let others = trusted.filter { other in
                !found.contains(other.label) && other.key.bytes == key?.bytes
            }
            let identity = others.isEmpty ? key.map { PublisherIdentity($0) } : nil
            return Removal(label: label, key: key, identity: identity, others: others.map(\.label))
        }
    }
}
