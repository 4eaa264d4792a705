import ArgumentParser
import FDLClient
import FDLCore
import FDLTrust

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Hash what is on disk against a manifest. Nothing is fetched but a manifest given by URL."
    )

    @OptionGroup var trust: ManifestOptions
    @OptionGroup var sources: SourceOptions

    @Argument(help: "The file or folder; by default the manifest's own name, here.")
    var path: String?

    @Flag(help: "One JSON object a line on standard output.")
    var json = false

    @Flag(name: .shortAndLong, help: "Say nothing but errors.")
    var quiet = false

    func run() async throws {
        let reporter = Reporter(json: json, quiet: quiet)
        defer { reporter.endProgress() }
        // A local manifest needs no network, so a variable that names no usable proxy does not matter.
        let access = trust.isURL ? try sources.access(manifest: trust.manifest) : SourceAccess()
        let accepted = try await trust.load(sources, access, reporter)
        let verified = accepted.verified
        let manifest = verified.manifest
        let path = path ?? (manifest.isSingleFile ? manifest.files[0].path.string : manifest.name.string)
        reporter.begins(manifest, signer: SignerName(of: verified), sources: [])
        let report = try await LocalTreeCheck.check(verified, at: path) { reporter.scanning($0, $1) }
        reporter.endProgress()
        for problem in report.problems { reporter.problem(problem) }
        reporter.verified(report, path: path)
        if let first = report.problems.first {
            let others = report.problems.count - 1
            throw Failure(
                .integrity,
                "\(path) is not what the manifest describes: "
                    + (others == 0 ? "\(first)" : "\(first), and \(others) more do not match"),
                hint: first.kind.hint
            )
        }
        try accepted.acceptance.note(verified)
    }
}
