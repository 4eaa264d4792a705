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
        for label in try labels() {
            do throws(KeyRingError) { publishers.append(try publisher(label)) } catch { passedOver(error) }
        }
        return publishers
    }

    private func labels() throws(KeyRingError) -> [String] {
        let trustedDirectory = try trustedDirectory
        do throws(SystemError) {
            let files = try FileTree.regularFiles(beneath: trustedDirectory, descend: { _ in false }).files
            return files.map(\.path).filter { $0.hasSuffix(FileNames.publicKeySuffix) }
                .map { String($0.dropLast(FileNames.publicKeySuffix.count)) }
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

    private func patterns(_ prefix: String) throws(KeyRingError) -> [NamePattern] {
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
    /// - Parameters:
    ///   - keys: each the path of a public key file, or such a file's second line.
    ///   - labels: of trusted publishers.
    ///   - passedOver: told of each file in the trust store that holds no key.
    public func acceptedPublishers(
        keys: [String],
        labels: [String],
        passedOver: (KeyRingError) -> Void = { _ in }
    ) throws(KeyRingError) -> [AcceptedPublisher] {
        var accepted: [AcceptedPublisher] = []
        for argument in keys {
            // A line is 56 characters of base64; a file of that name would have to be meant.
            let key = if let key = try? PublicKey(minisign: argument) { key } else { try KeyFile.publicKey(argument) }
            accepted.append(AcceptedPublisher(key))
        }
        if keys.isEmpty, labels.isEmpty {
            if let own = try ownPublicKey() { accepted.append(AcceptedPublisher(own)) }
        } else if labels.isEmpty {
            return accepted
        }
        let trusted = try trustedPublishers(passedOver: passedOver)
        for label in labels where !trusted.contains(where: { $0.label == label }) { throw .unknownPublisher(label) }
        accepted += trusted.filter { labels.isEmpty || labels.contains($0.label) }
            .map { AcceptedPublisher($0.key, label: $0.label, names: $0.names) }
        return accepted
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
        let isKnown = try labels().contains(label)
        if isKnown {
            let known = try publisher(label)
            guard known.key == key else { throw .labelTaken(label) }
            if names.isEmpty { return known }
        }
        try create(try trustedDirectory)
        do throws(SystemError) {
            // The key comes last: it is never accepted for more than was said.
            if names.isEmpty {
                // Of a key that was removed halfway.
                _ = unlink(prefix + Self.patternsSuffix)
            } else {
                let text = names.map { "\($0)\n" }.joined()
                try WholeFile.replace(prefix + Self.patternsSuffix, with: Array(text.utf8), mode: 0o644)
            }
            if !isKnown {
                try WholeFile.create(FileNames.publicKey(prefix), with: Array(key.minisignText.utf8), mode: 0o644)
            }
        } catch {
            throw error.code == EEXIST ? .labelTaken(label) : .system(error)
        }
        return TrustedPublisher(label: label, key: key, names: names)
    }

    /// What `distrust` has done.
    public struct Removal: Sendable, Hashable {
        /// The label that is gone.
        public let label: String
        /// nil if the file held no key.
        public let key: PublicKey?
        /// The labels under which the same key is still accepted.
        public let others: [String]
    }

    /// Accepts a publisher no longer.
    /// - Parameter name: its label, or its key's id, which may stand for several.
    /// - Returns: those removed, at least one.
    @discardableResult
    public func distrust(_ name: String) throws(KeyRingError) -> [Removal] {
        let trusted = try trustedPublishers()
        // What holds no key has a label all the same.
        let found = try labels().filter { label in
            label == name || trusted.contains { $0.label == label && $0.key.id.description == name.uppercased() }
        }
        guard !found.isEmpty else { throw .unknownPublisher(name) }
        for label in found {
            let prefix = "\(try trustedDirectory)/\(label)"
            for path in [FileNames.publicKey(prefix), prefix + Self.patternsSuffix] {
                guard unlink(path) == 0 || errno == ENOENT else {
                    throw .system(SystemError(operation: .remove, path: path, code: errno))
                }
            }
        }
        return found.map { label in
            let key = trusted.first { $0.label == label }?.key
            let others = trusted.filter { other in
                !found.contains(other.label) && other.key.bytes == key?.bytes
            }
            return Removal(label: label, key: key, others: others.map(\.label))
        }
    }
}
