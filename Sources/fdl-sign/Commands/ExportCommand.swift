import ArgumentParser
import FDLCommand
import FDLCore
import FDLPublishing
import FDLSystem
import FDLTrust

extension ExportFormat: ExpressibleByArgument {}

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a manifest in the words of other programs: Metalink for aria2 and wget2, or for sha256sum -c.",
        discussion: """
            metalink4 has digests and the addresses of the files: those of --files-at, then the manifest's sources. \
            sha256sums has a line a file, a folder's below the folder's name. Neither is signed: hand them out by a way \
            that their readers trust.
            """ + "\n\n" + Helps.export.discussion
    )

    @Argument(help: "The manifest; its signature is looked for beside it.")
    var manifest: String

    @Option(help: ArgumentHelp("metalink4 or sha256sums.", valueName: "format"))
    var format: ExportFormat

    @Option(
        help: ArgumentHelp(
            "Where the files lie plainly, to be tried before the manifest's sources. May be repeated.",
            valueName: "url"
        )
    )
    var filesAt: [String] = []

    @Option(
        help: ArgumentHelp(
            "The file or folder, if digests have to be made that the manifest does not give.",
            discussion: "By default what lies beside the manifest.",
            valueName: "path"
        )
    )
    var from: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Where to write it. By default to standard output.", valueName: "file")
    )
    var output: String?

    @OptionGroup var acceptance: PublisherOptions

    func validate() throws {
        for url in filesAt { _ = try SourceArgument.parse(url) }
        if !filesAt.isEmpty, format == .checksums { throw ValidationError("--files-at is for metalink4") }
    }

    func run() async throws {
        let (_, verified) = try await acceptance.read(manifest)
        let listed = verified.manifest
        var digests: [Int: SHA256Digest] = [:]
        if format == .checksums || from != nil {
            let missing = listed.files.indices.filter { listed.wholeDigest(ofFile: $0) == nil }
            if !missing.isEmpty {
                let source = try PublishingSource(of: listed, beside: manifest, given: from)
                digests = try await WholeDigests(listed, from: source).run(missing, threads: ManifestRecipe.coreCount)
            }
        }
        let export = ManifestExport(listed, digests: digests)
        let text: String
        switch format {
        case .metalink: text = try export.metalink(filesAt: filesAt.map { "\(try SourceArgument.parse($0))" })
        case .checksums: text = try export.checksums()
        }
        guard let output else { return StandardStream.output.write(text) }
        try explaining(for: .output) { () throws(SystemError) in
            try WholeFile.replace(output, with: Array(text.utf8), mode: 0o666)
        }
    }
}
