public import FDLCore
import FDLSystem
import FDLTLS

/// A worker's key and certificate that it makes itself, for readers who know it by its pin.
public enum SelfSignedIdentity {
    /// Makes the file, readable for its owner alone, unless it is there.
    /// - Parameters:
    ///   - path: a PEM file, with the certificate and then the key. Its directory is made too.
    ///   - names: the DNS names and addresses that go into the certificate.
    /// - Returns: whether it was made now.
    /// - Throws: `Failure` if the file cannot be made.
    public static func make(at path: String, names: [String]) throws(Failure) -> Bool {
        // One that is there and cannot be used is told when it is read.
        do throws(SystemError) {
            _ = try FileStatus(path: path)
            return false
        } catch {
            guard error.isNotFound else { throw error.failure(for: .settings) }
        }
        let bytes = try explaining { () throws(TLSError) in
            try SelfSignedCertificate.pem(name: "fdl worker", names: names)
        }
        try explaining(for: .settings) { () throws(SystemError) in
            try Directory.create(Directory.containing(path), mode: 0o700)
            try WholeFile.replace(path, with: bytes, mode: 0o600)
        }
        return true
    }
}
