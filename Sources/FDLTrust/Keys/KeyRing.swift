import FDLCore
public import FDLCrypto
public import FDLSystem
import Glibc

/// The keys of the user who runs the program: the own pair, and the publishers this user accepts.
///
/// In the configuration directory: `publisher.key` and `publisher.pub`, and `trusted/LABEL.pub`, a minisign public key
/// a file, so that a person may copy one there as well (`KeyRing+Trusted.swift`).
public struct KeyRing: Sendable {
    let directories: UserDirectories

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
    var trustedDirectory: String {
        get throws(KeyRingError) { "\(try directory)/trusted" }
    }
    private var directory: String {
        get throws(KeyRingError) {
            do throws(UserDirectoryError) { return try directories.configuration } catch { throw .directory(error) }
        }
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

    func create(_ path: String) throws(KeyRingError) {
        do { try Directory.create(path, mode: 0o700) } catch { throw .system(error) }
    }

    static func isLabel(_ text: String) -> Bool {
        ManifestName.isSpelled(text) && text.utf8.count <= 64 && !text.hasPrefix(".")
    }
}
