import ArgumentParser
import FDLClient
import FDLCommand
import FDLCore

struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Download what a manifest lists; run it again to go on where it stopped.",
        discussion: Helps.get.discussion
    )

    @Argument(help: ManifestOptions.argumentHelp, completion: .file())
    var manifests: [String]

    @OptionGroup(title: "WHERE IT GOES") var outputs: OutputOptions
    @OptionGroup(title: "WHICH FILES") var selection: SelectionOptions
    @OptionGroup(title: "WHOSE SIGNATURE") var trust: ManifestOptions
    @OptionGroup(title: "SOURCES") var sources: SourceOptions
    @OptionGroup(title: "PROXIES AND LOGINS") var access: AccessOptions
    @OptionGroup(title: "HOW IT IS FETCHED") var transfer: TransferOptions
    @OptionGroup(title: "WHAT IS SAID") var report: ReportOptions

    @Flag(help: "Only say what would be fetched, what is here already, and how much room it needs.")
    var dryRun = false

    @Flag(
        help: """
            For cron: ends with 0 and says nothing if there is no newer version; else replaces what an earlier version \
            wrote, and nothing that was changed since. Keeps the manifest beside the output, to know.
            """
    )
    var update = false

    func validate() throws {
        try outputs.validate(manifests: manifests.count)
        if manifests.count > 1, trust.signature != nil {
            throw ValidationError("--signature is that of one manifest, and \(manifests.count) are given")
        }
        if report.json, outputs.isStream { throw ValidationError("--json and -o - both want standard output") }
        if update, outputs.isStream { throw ValidationError("--update needs an output on disk") }
        if update, !selection.isEmpty {
            throw ValidationError("--update takes all of a folder: leave --only and --except out")
        }
    }

    func run() async throws {
        let reporter = report.reporter
        defer { reporter.endProgress() }
        let access = try sources.access(access, manifests: manifests)
        var failures: [Failure] = []
        for manifest in manifests {
            let job = GetJob(command: self, manifest: manifest, access: access, reporter: reporter)
            do throws(Failure) { try await job.run() } catch {
                try Interruption.check()
                // One manifest's trouble is not another's.
                guard manifests.count > 1 else { throw error }
                reporter.failed(manifest, error)
                failures.append(error)
            }
        }
        if let first = failures.first {
            throw Failure(
                first.exitCode,
                "\(failures.count) of \(manifests.count) manifests could not be got",
                hint: "run the same command again: what was downloaded is not fetched again"
            )
        }
    }
}
