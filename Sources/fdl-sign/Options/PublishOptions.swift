import ArgumentParser
import FDLCommand
import FDLCore
import FDLPublishing
import FDLSystem

/// What `publish` writes.
struct TreeOptions: ParsableArguments {
    @Flag(
        help: """
            Give the files second names (hard links) instead of copying them. Whoever edits an original then changes what \
            is published.
            """
    )
    var link = false

    @Flag(help: "Publish chunks and manifest alone, without the whole files.")
    var noFiles = false

    @Flag(help: "Write the compressed form (gzip) of each chunk that shrinks by a tenth or more beside it.")
    var precompress = false

    @Option(help: ArgumentHelp("How hard --precompress tries: 1 to 9.", valueName: "level"))
    var compressionLevel = 6

    func validate() throws {
        guard (1...9).contains(compressionLevel) else { throw ValidationError("--compression-level is from 1 to 9") }
        guard !link || !noFiles else { throw ValidationError("--link and --no-files exclude each other") }
    }

    var isGiven: Bool { link || noFiles || precompress }

    var options: PublishingOptions {
        var options = PublishingOptions()
        options.files = noFiles ? .none : link ? .linked : .copied
        options.compressionLevel = precompress ? Int32(compressionLevel) : nil
        return options
    }
}

/// How `publish` spreads chunks over several directories.
struct SpreadingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("In how many of several directories each chunk lies. By default 2.", valueName: "count"))
    var replicas: Int?

    @Option(
        help: ArgumentHelp(
            "Where a directory will be served. Once for each, in their order.",
            discussion: "By default the manifest's workers.",
            valueName: "url"
        )
    )
    var at: [String] = []

    func validate() throws {
        for url in at { _ = try SourceArgument.parse(url) }
        if let replicas, replicas < 1 { throw ValidationError("--replicas is at least 1") }
    }

    var isGiven: Bool { replicas != nil || !at.isEmpty }

    /// - Returns: nil for a single directory, which has everything.
    func placement(of manifest: Manifest, over directories: [String]) throws -> FragmentPlacement? {
        guard at.isEmpty || at.count == directories.count else {
            let number = directories.count == 1 ? "is 1 directory" : "are \(directories.count) directories"
            throw ValidationError("there \(number) and \(at.count) --at")
        }
        if let replicas, replicas > directories.count {
            throw ValidationError("--replicas \(replicas) is more than there are directories")
        }
        guard directories.count > 1 else { return nil }
        guard directories.count <= PublishPlan.maximumTrees else {
            throw ValidationError("there can be \(PublishPlan.maximumTrees) directories at most")
        }
        let workers = manifest.sources.filter { $0.kind == .worker }.map(\.url)
        let urls = at.isEmpty ? workers : try at.map(SourceArgument.parse)
        guard urls.count >= directories.count else {
            throw TreeError.serversUnknown(directories: directories.count, servers: urls.count)
        }
        let used = Array(urls.prefix(directories.count))
        for (index, url) in used.enumerated() where used[..<index].contains(where: url.isSameSource) {
            throw TreeError.sameServer("\(url)")
        }
        return FragmentPlacement(urls: used, replicas: replicas ?? 2)
    }
}

/// What `publish` removes.
struct PruningOptions: ParsableArguments {
    @Flag(help: "Afterwards remove the chunks and files that no manifest in the directory needs.")
    var prune = false

    @Option(help: ArgumentHelp("How many versions of each name keep their chunks, this one too.", valueName: "count"))
    var keep = 1

    @Option(
        help: ArgumentHelp(
            "How long the chunks of a version stay after another has taken its place: 0, 90s, 30m, 12h, 7d.",
            discussion: "Readers may still be at it.",
            valueName: "time"
        )
    )
    var grace = Grace(seconds: 86_400)

    func validate() throws {
        guard keep >= 1 else { throw ValidationError("--keep is at least 1") }
    }

    func prune(_ tree: PublishedTree) throws {
        guard prune else { return }
        let result = try TreePruning(keep: keep, grace: grace.seconds).run(tree, now: WallClock.seconds)
        StandardStream.output.writeLine(
            "\(printable(tree.path)): removed \(counted(result.chunks, "chunk")), \(counted(result.files, "file")), "
                + ByteCount.text(result.bytes)
        )
    }
}

/// A time to wait: a number followed by s, m, h, d or w; 0 needs no letter.
struct Grace: ExpressibleByArgument, CustomStringConvertible {
    let seconds: Int64

    init(seconds: Int64) { self.seconds = seconds }

    init?(argument: String) {
        if argument == "0" {
            seconds = 0
            return
        }
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400]
        guard let unit = argument.last.flatMap({ units[$0] }), let number = Int64(argument.dropLast()),
            (0...100 * 365 * 86_400).contains(number), number * unit <= 100 * 365 * 86_400
        else { return nil }
        seconds = number * unit
    }

    var description: String { seconds % 86_400 == 0 ? "\(seconds / 86_400)d" : "\(seconds)s" }
}
