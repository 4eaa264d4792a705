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

    /// Makes a key and writes `PREFIX.key` (0600) and `PREFIX.pub`.
    /// - Throws: `KeyRingError.system` with EEXIST where a secret key is there: it is never replaced.
    public static func createPair(prefix: String, passphrase: [UInt8]?) throws(KeyRingError) -> SecretKey {
        let path = "\(prefix).key"
        let key = try atPath(path, SecretKey.generate)
        let pem = try atPath(path) { () throws(KeyError) in try key.pem(passphrase: passphrase) }
        do {
            try WholeFile.create(path, with: pem, mode: 0o600)
            try WholeFile.replace("\(prefix).pub", with: Array(key.publicKey.minisignText.utf8), mode: 0o644)
        } catch {
            throw .system(error)
        }
        return key
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
