public import ArgumentParser
public import FDLClient
import FDLCommand
import FDLCore
import FDLSystem
import FDLTLS
import FDLTrust
import Glibc

struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Download what a manifest lists; run it again to go on where it stopped."
    )

    @OptionGroup var trust: ManifestOptions
    @OptionGroup var sources: SourceOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Where the file or folder goes; - for standard output.", valueName: "path")
    )
    var output: String?

    @Option(help: ArgumentHelp("The most connections to one source.", valueName: "n"))
    var connections: Int?

    @Option(help: "Ask workers for compressed chunks: auto, always or never.")
    var compress: DownloadRequest.Compression = .auto

    @Option(help: ArgumentHelp("Bytes a second over all sources, for instance 500K or 10M.", valueName: "rate"))
    var limitRate: ByteCount?

    @Option(help: ArgumentHelp("A file or folder that may hold some of the chunks already.", valueName: "path"))
    var seed: [String] = []

    @Flag(help: "One JSON object a line on standard output.")
    var json = false

    @Flag(name: .shortAndLong, help: "Say nothing but errors.")
    var quiet = false

    @Flag(help: "Leave large files in the page cache too, for a program that reads them at once.")
    var pageCache = false

    @Flag(help: "Replace an existing output of other content, reusing what of it matches.")
    var force = false

    func validate() throws {
        if let connections, !(1...256).contains(connections) {
            throw ValidationError("--connections takes a number from 1 to 256")
        }
        if let limitRate, limitRate.bytes < 1 {
            throw ValidationError("--limit-rate takes at least 1 byte a second")
        }
        if json, output == "-" {
            throw ValidationError("--json and -o - both want standard output")
        }
    }

    func run() async throws {
        let reporter = Reporter(json: json, quiet: quiet)
        defer { reporter.endProgress() }
        let access = try sources.access(manifest: trust.manifest)
        let accepted = try await trust.load(sources, access, reporter)
        let manifest = accepted.verified.manifest
        var request = DownloadRequest(
            manifest: accepted.verified,
            output: destination(manifest),
            sources: try sources.all(of: manifest, fetchedFrom: accepted.worker),
            tls: try sources.tls(of: manifest)
        )
        request.access = access
        request.connectionsPerSource = connections
        request.compression = compress
        request.rateLimit = limitRate?.bytes
        request.seeds = seed
        request.replacesExisting = force
        request.usesPageCache = pageCache
        request.follow = { () throws(Failure) in try accepted.acceptance.note(accepted.verified) }
        if trust.name == nil, accepted.worker == nil { noteOutput(manifest, reporter) }
        let signer = SignerName(of: accepted.verified)
        reporter.begins(manifest, signer: signer, sources: request.sources)
        let downloader = Downloader(request) { reporter.report($0) }
        let summary = try await interruptible { () throws(Failure) in try await downloader.run() }
        reporter.endProgress()
        reporter.finished(summary, signer: signer)
    }

    private func destination(_ manifest: Manifest) -> DownloadRequest.Output {
        switch output {
        case "-": .standardOutput
        case let path?: .path(path)
        case nil: .path(manifest.isSingleFile ? manifest.files[0].path.string : manifest.name.string)
        }
    }

    /// Notes that the output is named for something else than the manifest: by it a person may have meant another one.
    private func noteOutput(_ manifest: Manifest, _ reporter: Reporter) {
        guard let output, output != "-" else { return }
        let name = splitLast(withoutTrailingSlashes(output)).name
        let own = [manifest.name.string] + (manifest.isSingleFile ? [manifest.files[0].path.string] : [])
        guard !own.contains(name), ManifestName(from: name) != manifest.name else { return }
        reporter.note("what goes to \(shortened(output)) is \(manifest.name)")
    }

    /// Runs the job until it ends or a signal asks it to.
    private func interruptible(
        _ job: @escaping @Sendable () async throws(Failure) -> DownloadSummary
    ) async throws(Failure) -> DownloadSummary {
        let task = Task { () -> Result<DownloadSummary, Failure> in
            do throws(Failure) { return .success(try await job()) } catch { return .failure(error) }
        }
        // Held to the end of the program: a job that completes in spite of the signal has succeeded.
        Interruption.hold { task.cancel() }
        return try await task.value.get()
    }
}

extension DownloadRequest.Compression: ExpressibleByArgument {}
