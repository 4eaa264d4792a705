package import FDLCore
package import FDLCrypto
package import FDLSystem
import Glibc

/// The highest version this user has accepted, per signer and manifest name: what keeps an old manifest, though well
/// signed, from being taken for the newest.
///
/// In the state directory: `seen/KEY/NAME`, a decimal number a file, KEY being the whole public key in hexadecimal,
/// since a key's id is anybody's to choose.
package struct SeenVersions: Sendable {
    private let directory: String

    /// - Throws: `UserDirectoryError` if there is no state directory to be had.
    package init(directories: UserDirectories) throws(UserDirectoryError) {
        self.directory = "\(try directories.state)/seen"
    }

    /// - Returns: nil if none was accepted yet.
    /// - Throws: `SystemError`; a file that holds no number counts as EBADMSG, not as absent.
    package func highest(signer: PublicKey, name: ManifestName) throws(SystemError) -> Int64? {
        let path = path(signer, name)
        let text: [UInt8]
        do {
            text = try WholeFile.read(path, limit: 32)
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
        let digits = String(decoding: text.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        guard let version = Int64(digits) else { throw SystemError(operation: .read, path: path, code: EBADMSG) }
        return version
    }

    /// Notes that a version was accepted. A lower one than noted changes nothing; writers wait for each other.
    package func record(_ version: Int64, signer: PublicKey, name: ManifestName) throws(SystemError) {
        let path = path(signer, name)
        try Directory.create(Directory.containing(path), mode: 0o700)
        let lock = try Descriptor(opening: "\(directory)/.lock", flags: O_RDWR | O_CREAT, mode: 0o600)
        try lock.waitForLock()
        if let seen = try highest(signer: signer, name: name), seen >= version { return }
        try WholeFile.replace(path, with: Array("\(version)\n".utf8), mode: 0o600)
    }

    private func path(_ signer: PublicKey, _ name: ManifestName) -> String {
        "\(directory)/\(Hex.string(signer.bytes))/\(name)"
    }
}
