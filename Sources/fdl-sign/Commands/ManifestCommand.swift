import ArgumentParser
import FDLCommand
import FDLCore
import FDLCrypto
import FDLPublishing
import FDLSystem
import FDLTrust

struct ManifestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manifest",
        abstract: "Hash a file or a folder and write its signed manifest.",
        discussion: """
            Writes NAME.manifest.json and NAME.manifest.json.minisig beside the input. Hand both to readers, \
            and your public key once.
            """ + "\n\n" + Helps.manifest.discussion
    )

    @Argument(help: "The file or the folder.", completion: .file())
    var path: String

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Where to write the manifest.", valueName: "file"),
        completion: .file()
    )
    var output: String?

    @OptionGroup var keys: KeyOptions

    @Option(
        name: .customLong("source"),
        help: ArgumentHelp("A worker that serves it. May be repeated.", valueName: "url")
    )
    var workers: [String] = []

    @Option(
        name: .customLong("mirror"),
        help: ArgumentHelp("An HTTPS address that serves the files themselves. May be repeated.", valueName: "url")
    )
    var mirrors: [String] = []

    @Option(
        name: .customLong("oci"),
        help: ArgumentHelp(
            "A repository of an OCI registry, https://HOST/v2/NAME/, that has the chunks. May be repeated.",
            valueName: "url"
        )
    )
    var repositories: [String] = []

    @Option(help: "What this is a version of. By default the input's name.")
    var name: ManifestName?

    @Option(help: "A number that grows. By default the time, or the one after the earlier manifest's.")
    var version: Int64?

    @Flag(
        help: """
            Sign a version more than a day ahead of the clock. Readers who have seen it refuse the versions that the \
            clock gives.
            """
    )
    var ahead = false

    @Option(help: ArgumentHelp("How long readers accept it: 12h, 90d, 8w, 1y.", valueName: "time"))
    var expires: Lifetime?

    @Option(help: ArgumentHelp("A power of two from 64KiB to 16MiB.", valueName: "size"))
    var chunkSize: ChunkSize?

    @Flag(help: "Give each file's plain SHA-256 too.")
    var fileDigest = false

    @Option(
        help: ArgumentHelp("Certificates, in PEM, by which the sources may be known.", valueName: "file"),
        completion: .file()
    )
    var ca: String?

    @Option(
        name: .customLong("pin"),
        help: ArgumentHelp(
            "A source's key, besides its chain and name: sha256//BASE64. May be repeated. For a certificate that nobody "
                + "else has signed there is --ca.",
            valueName: "pin"
        )
    )
    var pins: [String] = []

    func validate() throws {
        for url in workers + mirrors { _ = try SourceArgument.parse(url) }
        for url in repositories { _ = try SourceArgument.repository(url) }
        for pin in pins where !Manifest.Trust.isPin(pin) {
            throw ValidationError("\(pin) is not sha256// and the base64 of 32 bytes")
        }
        if let version, !Manifest.allowedVersions.contains(version) {
            throw ValidationError("--version must be from 1 to \(Manifest.allowedVersions.upperBound)")
        }
    }

    func run() async throws {
        let now = UTCTime.now
        var recipe = try recipe(now: now)
        let outputs = output.map { [$0, FileNames.signature(of: $0)] + SignedBytes.furtherFiles(of: $0) } ?? []
        let input = try PublishingInput(scanning: path, leavingOut: outputs)
        for name in input.skipped {
            warn("\(printable(name)) is not a regular file and is left out")
        }
        warnOfFoldedPaths(input)
        if name == nil, let better = VersionInName.withoutVersion(input.baseName) {
            StandardStream.error.write(
                "note: the name \(ManifestName(from: input.baseName)) seems to hold a version, and readers count versions "
                    + "by name: with --name \(better) for each release, nobody can pass an older one off as the newest\n"
            )
        }
        let target = output ?? input.defaultOutput
        try SignedBytes.checkOutput(target, publishing: input)
        // Before the hashing, which may take long, so that a key that cannot be used is reported at once.
        let secretKeys = keys.key.isEmpty ? [KeyOptions.Opened(try ownKey())] : try keys.named()
        let signers = secretKeys.map(\.publicKey)
        try SignedBytes.checkOutput(target, publishing: input, keys: signers.dropFirst().map(\.id))
        recipe.version = try version(of: input, signer: signers[0], target: target, now: now)

        try ProcessLimits.check(threads: ManifestRecipe.coreCount + 2, bytes: 32 << 20)
        let privateKeys = FoundPaths()
        recipe.onPrivateKey = { privateKeys.add($0) }
        let display = ProgressDisplay(.ofStandardError)
        defer { display.end() }
        let manifest = try await recipe.manifest(
            of: input,
            now: now,
            progress: { display.update("hashing", Progress.Amount(done: $0, total: $1)) }
        )
        display.end()
        warnOfPrivateKeys(privateKeys.all)
        let fileName = splitLast(target).name
        var signed = try SignedBytes(manifest, signedWith: secretKeys[0].secret, fileName: fileName, now: now)
        for key in secretKeys.dropFirst() { try signed.sign(with: key.secret, now: now) }
        // Held to the end of the program: both files are written, and then the command has succeeded.
        Interruption.hold()
        try signed.write(to: target)

        let (files, chunks) = (counted(manifest.files.count, "file"), counted(manifest.digests.count, "chunk"))
        StandardStream.output.writeLine(
            "\(target): \(files), \(manifest.totalBytes) bytes in \(chunks), version \(manifest.version)"
        )
        for (index, signer) in signers.enumerated() {
            let file = FileNames.signature(of: target, by: index == 0 ? nil : signer.id.description)
            StandardStream.output.writeLine("\(file): signed by \(signer.id)")
        }
    }

    /// Chooses the version, counting from the manifest that is to be replaced and from the one in the default place.
    private func version(
        of input: PublishingInput,
        signer: PublicKey,
        target: String,
        now: UTCTime
    ) throws(PublishingError) -> Int64 {
        let name = name ?? ManifestName(from: input.baseName)
        let places = Set([target, input.defaultOutput]).sorted()
        let earlier = EarlierManifest.highestVersion(at: places, name: name, signer: signer) { path, reason in
            warn(
                "the earlier manifest \(printable(path)) cannot be read (\(reason)): if readers have seen a higher version "
                    + "than this one, sign again with a --version above it"
            )
        }
        let choice = try VersionChoice(wanted: version, earlier: earlier, now: now, allowsAhead: ahead)
        for remark in choice.remarks { warn("\(remark)") }
        return choice.version
    }

    /// Warns of paths that a reader's file system may not be able to keep apart: the publisher can still rename them.
    private func warnOfFoldedPaths(_ input: PublishingInput) {
        let pairs = FoldedPaths.pairs(in: input.files.map(\.path.string))
        for (one, other) in pairs.prefix(10) {
            warn(
                "\"\(one)\" and \"\(other)\" differ by case, Unicode normalisation, or dots and spaces at the end alone: "
                    + "readers whose file system takes them for the same name cannot download this"
            )
        }
        if pairs.count > 10 { warn("there are \(pairs.count - 10) more pairs of such names") }
    }

    /// What is signed is served to whoever asks: that a key is among it may be a mistake.
    private func warnOfPrivateKeys(_ paths: [String]) {
        for path in paths.prefix(10) {
            warn(
                "\"\(path)\" is a private key: everyone who has the manifest can download it; leave it out if it is in use"
            )
        }
        if paths.count > 10 { warn("there are \(paths.count - 10) more private keys") }
    }

    private func warn(_ text: String) { StandardStream.error.write("warning: \(printable(text))\n") }

    private func recipe(now: UTCTime) throws -> ManifestRecipe {
        var recipe = ManifestRecipe()
        recipe.name = name
        recipe.version = version
        recipe.expires = expires.map { UTCTime(secondsSince1970: now.secondsSince1970 + $0.seconds) }
        recipe.chunkSize = chunkSize
        recipe.includesFileDigests = fileDigest
        for url in workers { recipe.sources.append(.init(kind: .worker, url: try SourceArgument.parse(url))) }
        for url in mirrors { recipe.sources.append(.init(kind: .mirror, url: try SourceArgument.parse(url))) }
        for url in repositories {
            recipe.sources.append(.init(kind: .oci, url: try SourceArgument.repository(url).url))
        }
        let authority = try ca.map(certificates)
        if authority != nil || !pins.isEmpty {
            recipe.trust = Manifest.Trust(certificateAuthority: authority, pins: pins)
        }
        return recipe
    }

    private func certificates(in path: String) throws -> String {
        let text = try explaining(for: .settings) { () throws(SystemError) in
            try WholeFile.read(path, limit: 1 << 20)
        }
        guard let certificates = CertificateText.certificates(in: String(decoding: text, as: UTF8.self)) else {
            throw Failure(.configuration, "\(path) has no certificate in PEM", hint: "give the CA's own .pem file")
        }
        return certificates
    }

    /// The user's own key, which is made if there is none yet.
    private func ownKey() throws -> SecretKey {
        let passphrase = try keys.passphrases().first
        let ring = KeyRing(directories: .current)
        let path = try ring.secretKeyPath
        Interruption.hold()
        if let own = try ring.ownSecretKey(passphrase: passphrase) {
            try Interruption.release()
            return own
        }
        let made = try ring.createOwnKey(passphrase: passphrase)
        StandardStream.output.writeLine("made your key: \(path)")
        StandardStream.output.writeLine("hand this public key to readers: \(try ring.publicKeyPath)")
        StandardStream.output.writeLine("  \(made.publicKey.minisignLine)")
        if let warning = KeygenCommand.warning(ofKey: path) { warn(warning) }
        if !StandardStream.error.isTerminal {
            // This may be an unattended job, whose owner does not know that it has just made a key of its own.
            warn("signing with a new key, which no reader knows yet: \(path)")
            warn(
                "hand out the .pub and back up the .key: in a container it is lost when the container is removed, "
                    + "so keep the key outside and name it with --key"
            )
        }
        try Interruption.release()
        return made
    }
}
