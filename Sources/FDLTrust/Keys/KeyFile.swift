import FDLCore
public import FDLCrypto
import FDLSystem
import Glibc

/// Keys in files.
public enum KeyFile {
    /// More than any key file has.
    private static let maximumBytes = 64 << 10

    /// Reads a public key in minisign's format.
    public static func publicKey(_ path: String) throws(KeyRingError) -> PublicKey {
        let bytes = try read(path)
        return try atPath(path) { () throws(KeyError) in
            guard !PrivateKeyContent.isPrivateKey(bytes) else { throw .secretForPublic }
            return try PublicKey(minisign: String(decoding: bytes, as: UTF8.self))
        }
    }

    /// Reads a secret key, in PEM or as minisign writes it.
    /// - Parameter path: its file or a pipe; `-` for standard input, `fd:N` for a descriptor, `env:NAME` for a variable,
    ///   `agent:COMMENT` for an Ed25519 key that an SSH agent holds.
    public static func secretKey(_ path: String, passphrase: [UInt8]?) throws(KeyRingError) -> SecretKey {
        if let name = AgentKey.name(in: path) {
            return try atPath(path) { () throws(KeyError) in try AgentKey.secretKey(named: name) }
        }
        // Of a secret key no second copy stays.
        if case .path = SecretPlace(path) { WholeFile.removeLeftover(of: path) }
        let text = try readSecret(path)
        let shown = SecretPlace(path).description
        do throws(KeyError) {
            return try secretKey(text, passphrase)
        } catch .passphraseMissing {
            guard let passphrase = PassphrasePrompt.ask(for: shown) else { throw .key(.passphraseMissing, path: shown) }
            return try atPath(shown) { () throws(KeyError) in try secretKey(text, passphrase) }
        } catch {
            throw .key(error, path: shown)
        }
    }

    private static func secretKey(_ text: [UInt8], _ passphrase: [UInt8]?) throws(KeyError) -> SecretKey {
        guard SecretKey.isMinisign(text) else { return try SecretKey(pem: text, passphrase: passphrase) }
        return try SecretKey(minisign: text, passphrase: passphrase)
    }

    /// Reads a secret from wherever it is.
    private static func readSecret(_ place: String) throws(KeyRingError) -> [UInt8] {
        do { return try SecretPlace(place).read(limit: maximumBytes) } catch { throw .system(error) }
    }

    /// Writes the public key of a secret key that lies elsewhere as `PREFIX.pub`, which is never replaced.
    /// - Parameter place: as of `secretKey`.
    public static func writePublicKey(
        of place: String,
        prefix: String,
        passphrase: [UInt8]?
    ) throws(KeyRingError) -> PublicKey {
        let key = try secretKey(place, passphrase: passphrase).publicKey
        try create(FileNames.publicKey(prefix), Array(key.minisignText.utf8), mode: 0o644)
        return key
    }

    /// Makes a key and writes `PREFIX.key` (0600) and `PREFIX.pub`. Neither is ever replaced.
    ///
    /// The secret key comes first, and each file is whole or absent: what a killed process leaves is nothing or a secret
    /// key alone, and from that the next call derives the public key.
    /// - Throws: `KeyRingError.system` with EEXIST if there is a pair, or a secret key that does not have the
    ///   passphrase; `.secretKeyMissing` if there is only a public key: its secret key may lie elsewhere, and another
    ///   one would be another publisher.
    public static func createPair(prefix: String, passphrase: [UInt8]?) throws(KeyRingError) -> SecretKey {
        let path = FileNames.secretKey(prefix)
        let directory = try lockedDirectory(of: path)
        return try withExtendedLifetime(directory) { () throws(KeyRingError) in
            let publicPath = FileNames.publicKey(prefix)
            let key = try secretHalf(path, publicPath, passphrase)
            try create(publicPath, Array(key.publicKey.minisignText.utf8), mode: 0o644)
            return key
        }
    }

    /// Locked so that nobody takes a secret key of a pair being written for one whose public key is lacking. Not every
    /// file system can lock a directory; nothing is replaced there either.
    private static func lockedDirectory(of path: String) throws(KeyRingError) -> Descriptor {
        do throws(SystemError) {
            let directory = try Descriptor(openingDirectory: Directory.containing(path))
            try directory.waitForLock()
            return directory
        } catch {
            throw .system(error)
        }
    }

    /// The secret key of a pair whose public key is to be written: a new one, or one that was left alone.
    private static func secretHalf(
        _ path: String,
        _ publicPath: String,
        _ passphrase: [UInt8]?
    ) throws(KeyRingError) -> SecretKey {
        let isPublicThere = (try? FileStatus(path: publicPath, following: false)) != nil
        guard (try? FileStatus(path: path, following: false)) == nil else {
            // A user who gives a passphrase wants no plain key.
            guard !isPublicThere, passphrase == nil || !isPlain(path) else {
                throw .system(SystemError(operation: .create, path: path, code: EEXIST))
            }
            return try secretKey(path, passphrase: passphrase)
        }
        guard !isPublicThere else { throw .secretKeyMissing(path: path, publicKey: publicPath) }
        let key = try atPath(path, SecretKey.generate)
        let pem = try atPath(path) { () throws(KeyError) in try key.pem(passphrase: passphrase) }
        try create(path, pem, mode: 0o600)
        return key
    }

    private static func isPlain(_ path: String) -> Bool {
        do {
            _ = try secretKey(path, passphrase: nil)
            return true
        } catch {
            return false
        }
    }

    /// Whether others than its owner may read a file in spite of the mode it was created with: some file systems keep no
    /// modes. False if that cannot be told.
    package static func isOpenToOthers(_ path: String) -> Bool {
        guard let status = try? FileStatus(path: path) else { return false }
        return status.mode & 0o044 != 0
    }

    private static func create(_ path: String, _ bytes: [UInt8], mode: UInt32) throws(KeyRingError) {
        do { try WholeFile.create(path, with: bytes, mode: mode) } catch { throw .system(error) }
    }

    /// Reads a passphrase: the first line of a file, or of what else may stand for one (`secretKey`).
    public static func passphrase(_ path: String) throws(KeyRingError) -> [UInt8] {
        let line = try readSecret(path).prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        guard !line.isEmpty else { throw .emptyPassphrase(path: SecretPlace(path).description) }
        return Array(line)
    }

    private static func atPath<Value: ~Copyable>(
        _ path: String,
        _ body: () throws(KeyError) -> Value
    ) throws(KeyRingError) -> Value {
        do { return try body() } catch { throw .key(error, path: path) }
    }

    private static func read(_ path: String) throws(KeyRingError) -> [UInt8] {
        do {
            return try WholeFile.read(path, limit: maximumBytes)
        } catch {
            throw .system(error)
        }
    }
}
