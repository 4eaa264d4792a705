import ArgumentParser
import FDLCommand
import FDLCore
import FDLCrypto
import FDLSystem
import FDLTrust
import Glibc

struct KeygenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen",
        abstract: "Make a key pair: PREFIX.key, to keep, and PREFIX.pub, for readers.",
        discussion: Helps.keygen.discussion
    )

    @Option(name: .shortAndLong, help: "Where to write it. By default: publisher in the configuration directory.")
    var output: String?

    @Option(
        help: ArgumentHelp("Encrypt the secret key with this file's first line.", valueName: "file"),
        completion: .file()
    )
    var passphraseFile: String?

    @Option(
        help: ArgumentHelp(
            "Make no key, but write the public key of this one: a file, or agent:COMMENT of an SSH agent.",
            valueName: "key"
        ),
        completion: .file()
    )
    var from: String?

    func validate() throws {
        if from != nil, output == nil { throw ValidationError("--from needs -o, for where the public key goes") }
    }

    func run() throws {
        do throws(KeyRingError) {
            let passphrase = try passphraseFile.map(KeyFile.passphrase)
            let ring = KeyRing(directories: .current)
            let prefix = if let output { output } else { try ring.ownKeyPrefix }
            let (secretPath, publicPath) = (FileNames.secretKey(prefix), FileNames.publicKey(prefix))
            let wasThere = (try? FileStatus(path: secretPath)) != nil
            if let from {
                let key = try KeyFile.writePublicKey(of: from, prefix: prefix, passphrase: passphrase)
                StandardStream.output.writeLine("public key  \(publicPath) (hand it to readers)")
                return StandardStream.output.writeLine("            \(key.minisignLine)")
            }
            let key: PublicKey
            // Held to the end of the program: both keys are written and reported.
            Interruption.hold()
            if output != nil {
                key = try KeyFile.createPair(prefix: prefix, passphrase: passphrase).publicKey
            } else {
                key = try ring.createNewOwnKey(passphrase: passphrase).publicKey
            }
            StandardStream.output.writeLine("secret key  \(secretPath) (keep it, and keep it to yourself)")
            StandardStream.output.writeLine("public key  \(publicPath) (hand it to readers)")
            StandardStream.output.writeLine("            \(key.minisignLine)")
            if wasThere {
                StandardStream.error.write("note: the secret key was there already; its public key was missing\n")
            } else if let warning = Self.warning(ofKey: secretPath) {
                StandardStream.error.write("warning: \(warning)\n")
            }
        } catch {
            if case .system(let error) = error, error.code == EEXIST {
                throw Failure(
                    .cannotCreate,
                    "there is a key already: \(error.path ?? "")",
                    hint: "use it, or choose another place with -o"
                )
            }
            if case .system(let error) = error { throw error.failure(for: .output) }
            if case .secretKeyMissing(let path, _) = error {
                throw Failure(
                    error.failure.exitCode,
                    error.failure.message,
                    hint: "put the secret key back as \(path); for a new pair move the .pub away, or choose another "
                        + "place with -o"
                )
            }
            throw error
        }
    }

    /// A warning about a secret key that was just made, if others can read it.
    static func warning(ofKey path: String) -> String? {
        guard KeyFile.isOpenToOthers(path) else { return nil }
        return "others can read \(printable(path)): this file system keeps no permissions; "
            + "move it to one that does, or make one with --passphrase-file"
    }
}
