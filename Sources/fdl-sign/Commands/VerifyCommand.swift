import ArgumentParser
import FDLCommand
import FDLCore
import FDLCrypto
import FDLSystem
import FDLTrust

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check a manifest's signature and say what it covers.",
        discussion: Helps.verify.discussion
    )

    @Argument(help: "The manifest; its signature is looked for beside it.", completion: .file())
    var manifest: String

    @Option(
        help: ArgumentHelp(
            "Accept this key and no other: a .pub file, or its second line. May be repeated.",
            discussion: "By default your own key and those you trust.",
            valueName: "pub"
        ),
        completion: .file()
    )
    var publisherKey: [String] = []

    func run() async throws {
        let now = UTCTime.now
        var acceptance = ManifestAcceptance(directories: .current)
        acceptance.publisherKeys = publisherKey
        acceptance.usesState = false
        acceptance.passedOver = { StandardStream.error.write("warning: passed over: \($0.failure.message)\n") }
        let verified = try await acceptance.verify(ManifestFile(manifest))
        report(verified)
        try acceptance.check(verified, now: now)
    }

    private func report(_ verified: VerifiedManifest) {
        let manifest = verified.manifest
        var lines = verified.allSigners.map { ("signature", "good, by the key \($0.id)") }
        lines += [
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
