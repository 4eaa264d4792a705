import ArgumentParser
import FDLClient
import FDLCommand
import FDLCore
import FDLTrust

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Hash what is on disk against a manifest. Nothing is fetched but a manifest given by URL.",
        discussion: Helps.verify.discussion
    )

    @Argument(help: ManifestOptions.argumentHelp, completion: .file())
    var manifest: String

    @Argument(
        help: "The file or folder, - for a stream; by default the manifest's own name, here.",
        completion: .file()
    )
    var path: String?

    @OptionGroup(title: "WHOSE SIGNATURE") var trust: ManifestOptions
    @OptionGroup(title: "WHICH FILES") var selection: SelectionOptions
    @OptionGroup(title: "SOURCES") var sources: SourceOptions
    @OptionGroup(title: "PROXIES AND LOGINS") var accessOptions: AccessOptions

    @OptionGroup(title: "WHAT IS SAID") var report: ReportOptions

    func validate() throws {
        if path == "-", manifest == "-" || trust.signature == "-" {
            throw ValidationError("standard input is one stream: it cannot be both the file and its manifest")
        }
    }

    func run() async throws {
        let reporter = report.reporter
        defer { reporter.endProgress() }
        // A local manifest needs no network, so a variable that names no usable proxy does not matter.
        let isURL = ManifestOptions.isURL(manifest)
        let access = isURL ? try sources.access(accessOptions, manifests: [manifest]) : SourceAccess()
        let accepted = try await trust.load(manifest, sources, access, reporter)
        let verified = try selection.selection(of: accepted.verified)
        let manifest = verified.manifest
        let path = path ?? (manifest.isSingleFile ? manifest.files[0].path.string : manifest.name.string)
        reporter.begins(manifest, signer: SignerName(of: verified), sources: [])
        let progress = { @Sendable [reporter] (bytes: Int64, total: Int64) in reporter.scanning(bytes, total) }
        let found =
            path == "-"
            ? try await StreamCheck.check(verified, descriptor: 0, name: "standard input", progress: progress)
            : try await LocalTreeCheck.check(verified, at: path, progress: progress)
        reporter.endProgress()
        for problem in found.problems { reporter.problem(problem) }
        reporter.verified(found, path: path)
        if let first = found.problems.first {
            let others = found.problems.count - 1
            throw Failure(
                .integrity,
                "\(path) is not what the manifest describes: "
                    + (others == 0 ? "\(first)" : "\(first), and \(others) more do not match"),
                hint: path == "-" ? "send it again, from where it is whole" : first.kind.hint
            )
        }
        try accepted.acceptance.note(verified)
    }
}
