import ArgumentParser
import FDLCommand
import FDLCore
import FDLCrypto
import FDLPublishing
import FDLSystem
import FDLTrust

struct CosignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cosign",
        abstract: "Sign a manifest that is there with one more key, for publishers that need several.",
        discussion: """
            Writes MANIFEST.KEYID.minisig beside MANIFEST.minisig. The manifest stays as it is, so this may be done on \
            another machine. Look at what it covers first: fdl-sign verify MANIFEST.
            """
    )

    @Argument(help: "The manifest; its first signature lies beside it.")
    var manifest: String

    @OptionGroup var keys: KeyOptions

    func run() throws {
        let now = UTCTime.now
        let secretKeys = try keys.key.isEmpty ? [keys.own()] : keys.named()
        let first = try SignedBytes(readingFile: manifest)
        let parsed = try parse(first.manifest)
        try refuseForgery(first)
        // Held to the end of the program: all signatures are written.
        Interruption.hold()
        StandardStream.output.writeLine(
            "\(parsed.name) version \(parsed.version): "
                + "\(counted(parsed.files.count, "file")), \(parsed.totalBytes) bytes"
        )
        var hasFirst = first.signature != nil
        for key in secretKeys {
            let id = key.secret.publicKey.id
            if let signature = first.signature, try isBy(key.secret.publicKey, signature, first.manifest) {
                StandardStream.output.writeLine("\(FileNames.signature(of: manifest)): signed by \(id) already")
                continue
            }
            var signed = SignedBytes(manifest: first.manifest, signature: nil, origin: manifest)
            try signed.sign(with: key.secret, now: now)
            guard let made = signed.signature else { continue }
            try SignedBytes.add(made, by: hasFirst ? id : nil, to: manifest)
            let file = FileNames.signature(of: manifest, by: hasFirst ? id.description : nil)
            StandardStream.output.writeLine("\(file): signed by \(id)")
            hasFirst = true
        }
    }

    private func parse(_ bytes: [UInt8]) throws(VerificationError) -> Manifest {
        do { return try Manifest(parsing: bytes) } catch { throw .manifest(error) }
    }

    /// Refuses a manifest whose first signature is by a key that is known here, and does not match.
    private func refuseForgery(_ first: SignedBytes) throws {
        guard first.signature != nil else { return }
        do throws(VerificationError) {
            _ = try VerifiedManifest.verify(first, acceptedKeys: known())
        } catch {
            if case .signature(.unknownKey) = error { return }
            throw error
        }
    }

    private func known() -> [PublicKey] {
        (try? KeyRing(directories: .current).acceptedKeys()) ?? []
    }

    /// Whether the first signature is by this key.
    private func isBy(_ key: PublicKey, _ signature: [UInt8], _ bytes: [UInt8]) throws -> Bool {
        let first = SignedBytes(manifest: bytes, signature: signature, origin: manifest)
        do throws(VerificationError) {
            _ = try VerifiedManifest.verify(first, acceptedKeys: [key])
            return true
        } catch {
            if case .signature(.unknownKey) = error { return false }
            throw error
        }
    }
}
