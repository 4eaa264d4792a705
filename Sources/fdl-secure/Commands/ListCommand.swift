import ArgumentParser
import FDLClient
import FDLCommand
import FDLCore
import FDLTrust

struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show the files that a manifest lists.",
        discussion: Helps.list.discussion
    )

    @Argument(help: ManifestOptions.argumentHelp, completion: .file())
    var manifest: String

    @OptionGroup(title: "WHOSE SIGNATURE") var trust: ManifestOptions
    @OptionGroup(title: "WHICH FILES") var selection: SelectionOptions
    @OptionGroup(title: "SOURCES") var sources: SourceOptions
    @OptionGroup(title: "PROXIES AND LOGINS") var accessOptions: AccessOptions

    @OptionGroup(title: "WHAT IS SAID") var report: ReportOptions

    func run() async throws {
        let reporter = report.reporter
        defer { reporter.endProgress() }
        let isURL = ManifestOptions.isURL(manifest)
        let access = isURL ? try sources.access(accessOptions, manifests: [manifest]) : SourceAccess()
        let accepted = try await trust.load(manifest, sources, access, reporter, onlyLooks: true)
        let manifest = try selection.selection(of: accepted.verified).manifest
        reporter.endProgress()
        reporter.begins(manifest, signer: SignerName(of: accepted.verified), sources: manifest.sources)
        for file in manifest.files { show(file) }
    }

    private func show(_ file: Manifest.File) {
        guard !report.json else {
            let object: JSONValue = [
                "event": "file", "path": .text(file.path.string), "bytes": .number(Int(file.size)),
                "executable": .boolean(file.isExecutable),
                "sha256": file.sha256.map { .text("\($0)") } ?? .null,
            ]
            return StandardStream.output.writeLine(object.description)
        }
        let size = ByteCount.text(file.size)
        let blanks = String(repeating: " ", count: max(0, 9 - size.count))
        let mark = file.isExecutable ? "x" : " "
        StandardStream.output.writeLine("\(blanks)\(size) \(mark) \(printable(file.path.string))")
    }
}
