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
        let name = path == "-" ? "standard input" : path
        let signer = SignerName(of: verified)
        reporter.begins(manifest, signer: signer, sources: [])
        Interruption.tell { [howFar = reporter.howFar] in howFar.interruptedCheck() }
        let progress = { @Sendable [reporter] (bytes: Int64, total: Int64) in reporter.scanning(bytes, total) }
        let began = ContinuousClock.now
        let found =
            path == "-"
            ? try await StreamCheck.check(verified, descriptor: 0, name: name, progress: progress)
            : try await LocalTreeCheck.check(verified, at: path, progress: progress)
        let check = VerifiedCheck(manifest: manifest, report: found, duration: ContinuousClock.now - began)
        reporter.endProgress()
        reporter.problems(found.problems)
        if let unlisted = found.unlisted { reporter.note("\(path) \(unlisted.sentence)") }
        guard found.isComplete else {
            throw VerifyFailure(name: name, report: found, repair: path == "-" ? nil : repair)
        }
        reporter.verified(check, path: path, name: name, signer: signer)
        try accepted.acceptance.note(verified)
    }

    /// The command that fetches what does not match.
    private var repair: String {
        // A manifest from a pipe is gone.
        var words = ["fdl-secure get --force"] + (manifest == "-" ? [] : [shellWord(shownArgument(manifest))])
        func add(_ option: String, _ values: [String]) { words += values.flatMap { [option, shellWord($0)] } }
        add("-o", path.map { [$0] } ?? [])
        add("--publisher-key", trust.publisherKey)
        add("--publisher", trust.publisher)
        add("--signature", trust.signature.map { [$0] } ?? [])
        add("--only", selection.only.map(\.text))
        add("--except", selection.except.map(\.text))
        return words.joined(separator: " ")
    }
}
