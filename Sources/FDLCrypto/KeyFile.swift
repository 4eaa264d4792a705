import FDLCore
import FDLSystem
import Glibc

/// Keys in files.
public enum KeyFile {
    /// More than any key file has.
    private static let maximumBytes = 64 << 10

    /// Reads a public key in minisign's format.
    public static func publicKey(_ path: String) throws(KeyRingError) -> PublicKey {
        let text = String(decoding: try read(path), as: UTF8.self)
        return try atPath(path) { () throws(KeyError) in try PublicKey(minisign: text) }
    }

    /// Reads a secret key in PEM.
    public static func secretKey(_ path: String, passphrase: [UInt8]?) throws(KeyRingError) -> SecretKey {
        let pem = try read(path)
        return try atPath(path) { () throws(KeyError) in try SecretKey(pem: pem, passphrase: passphrase) }
    }

    /// Makes a key and writes `PREFIX.pub` and `PREFIX.key` (0600). Neither is ever replaced.
    /// - Throws: `KeyRingError.system` with EEXIST where there is a secret key, `.secretKeyMissing` where there is only
    ///   a public one: its secret key may lie elsewhere, and another one would be another publisher.
    public static func createPair(prefix: String, passphrase: [UInt8]?) throws(KeyRingError) -> SecretKey {
        let path = "\(prefix).key"
        let key = try atPath(path, SecretKey.generate)
        let pem = try atPath(path) { () throws(KeyError) in try key.pem(passphrase: passphrase) }
        do {
            let directory = try Descriptor(opening: Directory.containing(path), flags: O_RDONLY | O_DIRECTORY)
            // So that nobody takes the public key of a pair being written for one without a secret key. Not every
            // file system can lock a directory; nothing is replaced there either.
            try directory.waitForLock()
            try withExtendedLifetime(directory) { () throws(SystemError) in
                try writePair(prefix, pem, key.publicKey)
            }
        } catch {
            guard error.code == EEXIST, error.path == "\(prefix).pub" else { throw .system(error) }
            if (try? FileStatus(path: path, following: false)) != nil {
                throw .system(SystemError(operation: "create", path: path, code: EEXIST))
            }
            throw .secretKeyMissing(path: path, publicKey: "\(prefix).pub")
        }
        return key
    }

    /// The public key first: where only one of the two gets written, no secret key lies there that nobody knows of.
    private static func writePair(_ prefix: String, _ pem: [UInt8], _ key: PublicKey) throws(SystemError) {
        let publicPath = "\(prefix).pub"
        let secretPath = "\(prefix).key"
        if (try? FileStatus(path: secretPath, following: false)) != nil {
            throw SystemError(operation: "create", path: secretPath, code: EEXIST)
        }
        try WholeFile.create(publicPath, with: Array(key.minisignText.utf8), mode: 0o644)
        do throws(SystemError) {
            try WholeFile.create(secretPath, with: pem, mode: 0o600)
        } catch {
            _ = unlink(publicPath)
            throw error
        }
    }

    /// Reads a passphrase: the file's first line.
    public static func passphrase(_ path: String) throws(KeyRingError) -> [UInt8] {
        let line = try read(path).prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        guard !line.isEmpty else { throw .emptyPassphrase(path: path) }
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
