public import FDLCore
public import FDLCrypto
public import FDLSystem
import Glibc

/// The keys of the user who runs the program: the own pair, and the publishers this user accepts.
///
/// In the configuration directory: `publisher.key` and `publisher.pub`, and `trusted/LABEL.pub`, a minisign public key
/// a file, so that a person may copy one there as well.
public struct KeyRing: Sendable {
    private let directories: UserDirectories

    public init(directories: UserDirectories) {
        self.directories = directories
    }

    /// Where the own key pair lies, without the `.key` and `.pub`.
    public var ownKeyPrefix: String {
        get throws(KeyRingError) { "\(try directory)/publisher" }
    }
    /// Where the own secret key lies.
    public var secretKeyPath: String {
        get throws(KeyRingError) { FileNames.secretKey(try ownKeyPrefix) }
    }
    /// Where the own public key lies: what readers are given.
    public var publicKeyPath: String {
        get throws(KeyRingError) { FileNames.publicKey(try ownKeyPrefix) }
    }
    private var trustedDirectory: String {
        get throws(KeyRingError) { "\(try directory)/trusted" }
    }
    private var directory: String {
        get throws(KeyRingError) {
            do throws(UserDirectoryError) { return try directories.configuration } catch { throw .directory(error) }
        }
    }

    /// One accepted publisher.
    public struct TrustedPublisher: Sendable, Hashable {
        public let label: String
        public let key: PublicKey
    }

    /// The own public key; nil if there is none yet.
    public func ownPublicKey() throws(KeyRingError) -> PublicKey? {
        let path = try publicKeyPath
        do throws(KeyRingError) {
            return try KeyFile.publicKey(path)
        } catch {
            if case .system(let error) = error, error.isNotFound { return nil }
            throw error
        }
    }

    /// The own secret key; nil if there is none yet. Where its public key is lost, that is written again.
    public func ownSecretKey(passphrase: [UInt8]?) throws(KeyRingError) -> SecretKey? {
        do throws(KeyRingError) {
            let key = try KeyFile.secretKey(secretKeyPath, passphrase: passphrase)
            // Signing needs no public key where none can be written.
            if let path = try? publicKeyPath, (try? FileStatus(path: path)) == nil {
                try? WholeFile.create(path, with: Array(key.publicKey.minisignText.utf8), mode: 0o644)
            }
            return key
        } catch {
            if case .system(let error) = error, error.isNotFound { return nil }
            throw error
        }
    }

    /// Makes the own key pair.
    /// - Parameter passphrase: protects it if given.
    /// - Throws: `KeyRingError.system` with EEXIST if there is one, `.secretKeyMissing` if half of one is left:
    ///   neither is ever replaced.
    public func createNewOwnKey(passphrase: [UInt8]?) throws(KeyRingError) -> SecretKey {
        try create(try directory)
        return try KeyFile.createPair(prefix: try ownKeyPrefix, passphrase: passphrase)
    }

    /// Makes the own key pair, or reads the one that another program has made in the meantime.
    /// - Parameter passphrase: protects it if given.
    public func createOwnKey(passphrase: [UInt8]?) throws(KeyRingError) -> SecretKey {
        do throws(KeyRingError) {
            return try createNewOwnKey(passphrase: passphrase)
        } catch {
            // Another program was quicker: its key is as good.
            guard case .system(let system) = error, system.code == EEXIST else { throw error }
            return try KeyFile.secretKey(secretKeyPath, passphrase: passphrase)
        }
    }

    /// The publishers this user accepts, sorted by label.
    public func trustedPublishers() throws(KeyRingError) -> [TrustedPublisher] {
        let listing: FileTree.Listing
        let trustedDirectory = try trustedDirectory
        do throws(SystemError) {
            listing = try FileTree.regularFiles(beneath: trustedDirectory, descend: { _ in false })
        } catch {
            if error.isNotFound { return [] }
            throw .system(error)
        }
        var publishers: [TrustedPublisher] = []
        for file in listing.files where file.path.hasSuffix(FileNames.publicKeySuffix) {
            let key = try KeyFile.publicKey("\(trustedDirectory)/\(file.path)")
            let label = String(file.path.dropLast(FileNames.publicKeySuffix.count))
            publishers.append(TrustedPublisher(label: label, key: key))
        }
        return publishers
    }

    /// The keys whose manifests this user accepts: the own one and the trusted ones.
    public func acceptedKeys() throws(KeyRingError) -> [PublicKey] {
        let own = try ownPublicKey()
        return (own.map { [$0] } ?? []) + (try trustedPublishers().map(\.key))
    }

    /// What `--publisher-key` means: the keys given and no others, or without any the ones of `acceptedKeys()`.
    /// - Parameter given: each the path of a public key file, or such a file's second line.
    public func acceptedKeys(given: [String]) throws(KeyRingError) -> [PublicKey] {
        guard !given.isEmpty else { return try acceptedKeys() }
        var keys: [PublicKey] = []
        for argument in given {
            // A line is 56 characters of base64; a file of that name would have to be meant.
            if let key = try? PublicKey(minisign: argument) {
                keys.append(key)
            } else {
                keys.append(try KeyFile.publicKey(argument))
            }
        }
        return keys
    }

    /// Accepts a publisher from now on.
    /// - Parameter label: what to call it, 1 to 64 of `[A-Za-z0-9._-]` and no dot first; by default the key's id.
    /// - Throws: `KeyRingError.labelTaken` if another key has the label.
    @discardableResult
    public func trust(_ key: PublicKey, label: String? = nil) throws(KeyRingError) -> TrustedPublisher {
        let label = label ?? key.id.description
        guard Self.isLabel(label) else { throw .invalidLabel(label) }
        if let known = try trustedPublishers().first(where: { $0.label == label }) {
            guard known.key == key else { throw .labelTaken(label) }
            return known
        }
        let trustedDirectory = try trustedDirectory
        try create(trustedDirectory)
        do throws(SystemError) {
            let path = FileNames.publicKey("\(trustedDirectory)/\(label)")
            try WholeFile.create(path, with: Array(key.minisignText.utf8), mode: 0o644)
        } catch {
            throw error.code == EEXIST ? .labelTaken(label) : .system(error)
        }
        return TrustedPublisher(label: label, key: key)
    }

    /// Accepts a publisher no longer.
    /// - Parameter name: its label, or its key's id, which may stand for several.
    /// - Returns: those removed, at least one.
    @discardableResult
    public func distrust(_ name: String) throws(KeyRingError) -> [TrustedPublisher] {
        let found = try trustedPublishers().filter {
            $0.label == name || $0.key.id.description == name.uppercased()
        }
        guard !found.isEmpty else { throw .unknownPublisher(name) }
        for publisher in found {
            let path = FileNames.publicKey("\(try trustedDirectory)/\(publisher.label)")
            guard unlink(path) == 0 || errno == ENOENT else {
                throw .system(SystemError(operation: .remove, path: path, code: errno))
            }
        }
        return found
    }

    private func create(_ path: String) throws(KeyRingError) {
        do { try Directory.create(path, mode: 0o700) } catch { throw .system(error) }
    }

    private static func isLabel(_ text: String) -> Bool {
        ManifestName.isSpelled(text) && text.utf8.count <= 64 && !text.hasPrefix(".")
    }
}

/// Why the user's keys cannot be read or changed.
public enum KeyRingError: Error, Sendable, Hashable {
    case system(SystemError)
    /// It is not known where the keys lie.
    case directory(UserDirectoryError)
    case key(KeyError, path: String)
    case invalidLabel(String)
    case labelTaken(String)
    case unknownPublisher(String)
    case emptyPassphrase(path: String)
    /// There is a public key, and no secret key at `path` beside it.
    case secretKeyMissing(path: String, publicKey: String)
}

extension KeyRingError: Explained {
    /// What a command says.
    public var failure: Failure {
        switch self {
        case .system(let error): error.failure(for: .settings)
        case .directory(let error): error.failure
        case .key(let error, let path): error.failure(path: path)
        case .invalidLabel(let label):
            Failure(.usage, "\"\(label)\" cannot be a label", hint: "use up to 64 of A-Z a-z 0-9 . _ -, no dot first")
        case .labelTaken(let label):
            Failure(
                .usage,
                "another key is trusted as \"\(label)\" already",
                hint: "choose another label, or remove that key first with fdl-secure trust remove \(label)"
            )
        case .unknownPublisher(let name):
            Failure(
                .usage,
                "no trusted publisher has the label or the key id \"\(name)\"",
                hint: "fdl-secure trust list shows them"
            )
        case .emptyPassphrase(let path):
            Failure(.configuration, "\(path) has no passphrase in its first line", hint: "write one there")
        case .secretKeyMissing(let path, let publicKey):
            Failure(
                .configuration,
                "there is a public key without its secret key: \(publicKey)",
                hint: "put the secret key back as \(path) or name it with --key; for a new one move the .pub away first"
            )
        }
    }
}
