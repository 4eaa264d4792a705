import ArgumentParser
import FDLCommand
import FDLCore
import FDLCrypto
import FDLSystem
import FDLTrust

/// The secret keys to sign with.
struct KeyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A secret key to sign with, in PEM. By default your own. May be repeated.",
            valueName: "key"
        ),
        completion: .file()
    )
    var key: [String] = []

    @Option(
        help: ArgumentHelp(
            "The keys' passphrase is this file's first line. May be repeated, if they have several.",
            valueName: "file"
        ),
        completion: .file()
    )
    var passphraseFile: [String] = []

    /// A secret key that several hold.
    final class Opened: Sendable {
        let secret: SecretKey
        var publicKey: PublicKey { secret.publicKey }

        init(_ secret: consuming SecretKey) {
            self.secret = secret
        }
    }

    func passphrases() throws(KeyRingError) -> [[UInt8]] {
        var passphrases: [[UInt8]] = []
        for path in passphraseFile { passphrases.append(try KeyFile.passphrase(path)) }
        return passphrases
    }

    /// The keys that are named.
    /// - Throws: `KeyRingError`; `Failure` (64) if one is named twice.
    func named() throws -> [Opened] {
        let passphrases = try passphrases()
        var opened: [Opened] = []
        for path in key {
            let one = try open(path, passphrases)
            if let twin = opened.firstIndex(where: { $0.secret.publicKey.bytes == one.secret.publicKey.bytes }) {
                throw Failure(
                    .usage,
                    "\(shortened(path)) and \(shortened(key[twin])) are the same key",
                    hint: "name each key once"
                )
            }
            opened.append(one)
        }
        return opened
    }

    /// The user's own key.
    /// - Throws: `Failure` (78) if there is none: a key that nobody knows yet is of no use here.
    func own() throws -> Opened {
        let ring = KeyRing(directories: .current)
        guard let own = try ring.ownSecretKey(passphrase: try passphrases().first) else {
            throw Failure(
                .configuration,
                "you have no key of your own: there is no \(try ring.secretKeyPath)",
                hint: "name the key with --key, or make one with fdl-sign keygen"
            )
        }
        return Opened(own)
    }

    private func open(_ path: String, _ passphrases: [[UInt8]]) throws(KeyRingError) -> Opened {
        for passphrase in passphrases.dropLast() {
            do throws(KeyRingError) { return Opened(try KeyFile.secretKey(path, passphrase: passphrase)) } catch {
                guard case .key(.passphraseWrong, _) = error else { throw error }
            }
        }
        return Opened(try KeyFile.secretKey(path, passphrase: passphrases.last))
    }
}
