import ArgumentParser
import FDLCommand
import FDLCore
import FDLPublishing
import FDLSystem
import FDLTrust

struct PublishCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish",
        abstract: "Write a signed file or folder, cut into chunks, into a directory for any HTTPS server.",
        discussion: """
            The directory gets /manifests, /chunks and /files: the whole of what readers ask for. Serve it with nginx, \
            Apache, Caddy, fdl-secure-server, or put it into an object store (docs/hosting.md).

            Several directories hold the chunks spread over them, each chunk in some of them (--replicas). Readers find \
            them without being told. The first directory is served by the manifest's first --source, and so on, or by \
            what --at says. --check counts the good copies of each chunk and looks at the whole files, --heal makes what \
            is missing or wrong; both look at what the directories show if no manifest is named.

            oci://HOST/NAME in place of a directory is a repository of a registry: the chunks that it lacks become \
            blobs, and an artifact keeps them. Readers name it with --oci.

            Everything is verified before anything is visible. What is there already is not written again, and a run \
            that was interrupted is gone on with.
            """ + "\n\n" + Helps.publish.discussion
    )

    @Argument(help: ArgumentHelp("The manifest, and the directory or directories.", valueName: "manifest> <directory"))
    var paths: [String] = []

    @Option(help: ArgumentHelp("The file or folder, if it does not lie beside the manifest.", valueName: "path"))
    var from: String?

    @Flag(help: "Publish nothing: say for each chunk how many good copies there are, and which whole files are wrong.")
    var check = false

    @Flag(help: "Like --check, and make the copies and files that are missing or wrong from good ones, or from --from.")
    var heal = false

    @OptionGroup var tree: TreeOptions
    @OptionGroup var spreading: SpreadingOptions
    @OptionGroup var pruning: PruningOptions
    @OptionGroup var registry: RegistryOptions

    @OptionGroup var acceptance: PublisherOptions

    func validate() throws {
        guard !paths.isEmpty else { throw ValidationError("no manifest and no directory is named") }
        guard check || heal || paths.count >= 2 else {
            throw ValidationError("no directory is named")
        }
        let isRegistry = paths.dropFirst().contains(where: RegistryOptions.isRegistry)
        guard isRegistry else { return try registry.checkUnused() }
        guard paths.count == 2 else { throw ValidationError("a registry is published into alone") }
        guard !check, !heal, !tree.isGiven, !spreading.isGiven, !pruning.prune else {
            throw ValidationError(
                "a registry takes no --check, --heal, --link, --no-files, --precompress, --replicas, --at and --prune: they "
                    + "are for directories"
            )
        }
    }

    func run() async throws {
        guard !check, !heal else { return try await inspect() }
        let (bytes, verified) = try await acceptance.read(paths[0])
        let manifest = verified.manifest
        if RegistryOptions.isRegistry(paths[1]) {
            let push = RegistryPush(options: registry, manifestPath: paths[0], from: from)
            return try await push.run(bytes, manifest, into: paths[1])
        }
        let directories = Array(paths.dropFirst())
        var options = tree.options
        options.placement = try spreading.placement(of: manifest, over: directories)
        options.documents = try CompanionDocuments.find(beside: paths[0], of: manifest.name)
        try ProcessLimits.check(
            threads: ManifestRecipe.coreCount + 2,
            bytes: (ManifestRecipe.coreCount + 2) * 2 * manifest.chunkSize.bytes
        )
        // Before the directories are made: a source that is not there leaves nothing behind.
        let source = try PublishingSource(of: manifest, beside: paths[0], given: from)
        let trees = try PublishedTree.open(directories, for: .making)
        let publishing = TreePublishing(manifest, bytes, from: source, into: trees, options)
        let display = ProgressDisplay(.ofStandardError)
        defer { display.end() }
        let summary = try await publishing.run(
            now: WallClock.seconds,
            threads: ManifestRecipe.coreCount,
            progress: { display.update("publishing", Progress.Amount(done: $0, total: $1)) }
        )
        display.end()
        report(summary, manifest)
        for tree in trees { try pruning.prune(tree) }
    }

    private func inspect() async throws {
        let checking = TreeChecking(heals: heal, from: from)
        // All of them directories: no manifest is named.
        if (try? FileStatus(path: paths[0]))?.kind == .directory { return try await checking.run(nil, in: paths) }
        guard paths.count > 1 else { throw ValidationError("no directory is named") }
        let (bytes, verified) = try await acceptance.read(paths[0])
        try await checking.run((paths[0], bytes, verified.manifest), in: Array(paths.dropFirst()))
    }

    private func report(_ summary: PublishingSummary, _ manifest: Manifest) {
        for tree in summary.trees {
            var line = "\(printable(tree.path)): \(manifest.name) version \(manifest.version)"
            line += ", \(counted(tree.chunks, "chunk")), \(tree.newChunks) new (\(ByteCount.text(tree.newBytes)))"
            if tree.compressed > 0 { line += ", \(tree.compressed) compressed" }
            if summary.files > 0 { line += ", \(counted(summary.files, "file")) written" }
            StandardStream.output.writeLine(line)
        }
        if summary.notLinked > 0 {
            StandardStream.error.write(
                "note: \(counted(summary.notLinked, "file")) could not be linked and "
                    + "\(summary.notLinked == 1 ? "was" : "were") copied\n"
            )
        }
        for tree in summary.trees where PublishedTree.isHiddenFromOthers(tree.path, manifest.name) {
            StandardStream.error.write(
                "warning: other users cannot read what was published in \(printable(tree.path)): a server that runs as "
                    + "one of them needs chmod -R o+rX there, or umask 022 the next time\n"
            )
        }
    }
}
