import ArgumentParser
import FDLCommand
import FDLCore
import FDLCrypto
import FDLPublishing
import FDLSystem
import Glibc

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check a manifest's signature and say what it covers."
    )

    @Argument(help: "The manifest; its signature is looked for beside it.")
    var manifest: String

    @Option(
        help: ArgumentHelp(
            "Accept this key and no other: a .pub file, or its second line. May be repeated.",
            discussion: "By default your own key and those you trust.",
            valueName: "pub"
        )
    )
    var publisherKey: [String] = []

    func run() async throws {
        let now = UTCTime(secondsSince1970: Int64(time(nil)))
        do {
            let keys = try KeyRing(directories: .current).acceptedKeys(given: publisherKey)
            let verified = try await verifyWhole(keys)
            report(verified)
            try Freshness.check(verified.manifest, now: now, seen: nil)
        } catch let error as KeyRingError {
            throw error.failure
        } catch let error as VerificationError {
            throw error.failure
        } catch let error as FreshnessError {
            throw error.failure(now: now)
        }
    }

    /// Reads both files again where they may be of two signings.
    private func verifyWhole(_ keys: [PublicKey]) async throws -> VerifiedManifest {
        for pause in VerificationError.pausesForTornPair {
            do {
                return try verify(keys)
            } catch let error as VerificationError {
                guard error.mayBeOfTornPair else { throw error }
            }
            try await Task.sleep(for: pause)
        }
        return try verify(keys)
    }

    private func verify(_ keys: [PublicKey]) throws -> VerifiedManifest {
        let bytes: [UInt8]
        do {
            bytes = try WholeFile.read(manifest, limit: Manifest.maximumBytes)
        } catch {
            if error.code == EFBIG { throw VerificationError.manifest(.tooLarge(bytes: Manifest.maximumBytes + 1)) }
            throw error.failure(.localIO)
        }
        let signaturePath = manifest + SignedManifest.signatureSuffix
        let signature: [UInt8]
        do {
            signature = try WholeFile.read(signaturePath, limit: MinisignSignature.maximumBytes)
        } catch {
            if error.isNotFound { throw VerificationError.signatureMissing(path: signaturePath) }
            if error.code == EFBIG { throw VerificationError.signatureMalformed("it is too long") }
            throw error.failure(.localIO)
        }
        return try VerifiedManifest.verify(manifest: bytes, signature: signature, acceptedKeys: keys)
    }

    private func report(_ verified: VerifiedManifest) {
        let manifest = verified.manifest
        var lines = [
            ("signature", "good, by the key \(verified.signer?.id.description ?? "")"),
            ("comment", printable(verified.trustedComment ?? "")),
            ("name", manifest.name.string),
            ("version", "\(manifest.version)"),
            ("created", "\(manifest.created)"),
            ("expires", manifest.expires?.description ?? "never"),
            ("files", "\(manifest.files.count)"),
            ("bytes", "\(manifest.totalBytes)"),
            ("chunks", "\(manifest.digests.count) of \(ByteCount.text(Int64(manifest.chunkSize.bytes)))"),
        ]
        lines += manifest.sources.map { ($0.kind.rawValue, "\($0.url)") }
        if let trust = manifest.trust {
            if trust.certificateAuthority != nil { lines.append(("trust", "a certificate authority of its own")) }
            lines += trust.pins.map { ("pin", $0) }
        }
        for (label, value) in lines {
            StandardStream.output.writeLine(label + String(repeating: " ", count: 11 - label.count) + value)
        }
    }
}
