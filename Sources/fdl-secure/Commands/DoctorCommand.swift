import ArgumentParser
import FDLClient
import FDLCommand
import FDLCore
import FDLSystem
import FDLTrust

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look for what keeps downloads from working here, and say what to do about it.",
        discussion: Helps.doctor.discussion
    )

    @Argument(help: "A manifest whose sources are to be tried too.", completion: .file())
    var manifest: String?

    @OptionGroup(title: "WHOSE SIGNATURE") var trust: ManifestOptions
    @OptionGroup(title: "SOURCES") var sources: SourceOptions
    @OptionGroup(title: "PROXIES AND LOGINS") var accessOptions: AccessOptions

    @Flag(help: "One JSON object a line on standard output.")
    var json = false

    func run() async throws {
        var findings = Checkup.machine() + Checkup.trust()
        findings += Checkup.proxies(given: accessOptions.proxy)
        if let manifest { findings += await tried(manifest) }
        for finding in findings { report(finding) }
        let bad = findings.filter { $0.grade == .bad }
        if let first = bad.first {
            throw Failure(
                first.exitCode,
                bad.count == 1 ? "\(first.what): \(first.said)" : "\(bad.count) things are amiss, \(first.what) first",
                hint: first.advice ?? "see above"
            )
        }
    }

    private func report(_ finding: Checkup.Finding) {
        guard !json else { return StandardStream.output.writeLine(finding.json.description) }
        let mark =
            switch finding.grade {
            case .good: "ok  "
            case .doubtful: "hm  "
            case .bad: "BAD "
            }
        StandardStream.output.writeLine(mark + Columns.line(finding.what, finding.said))
        if finding.grade != .good, let advice = finding.advice {
            StandardStream.output.writeLine("    " + Columns.line("", advice))
        }
    }

    /// The manifest, and each of its sources.
    private func tried(_ manifest: String) async -> [Checkup.Finding] {
        let reporter = Reporter(json: false, quiet: true)
        do throws(Failure) {
            let access = try sources.access(accessOptions, manifests: [manifest])
            let accepted = try await trust.load(manifest, sources, access, reporter)
            let verified = accepted.verified
            var findings = [
                Checkup.Finding(
                    .good,
                    "manifest",
                    "\(verified.manifest.name) version \(verified.manifest.version), "
                        + SignerName.phrase(SignerName(of: verified))
                )
            ]
            let probe = try SourceProbe(tls: try sources.tls(of: verified.manifest), access: access)
            let all = try sources.all(of: verified.manifest, fetchedFrom: accepted.worker)
            if all.isEmpty {
                let advice = "name one with --server or --mirror"
                findings.append(Checkup.Finding(.bad, "sources", "there are none", advice, .noSource))
            }
            for source in all {
                let finding = await probe.ask(source, for: verified.manifest)
                let shown = ProbeText(source: source, finding: finding, now: .now)
                findings += Checkup.source(shown, hint: finding.fault.map { probe.hint(for: $0, of: source) })
            }
            return findings
        } catch {
            let (said, advice) = (Program.shown(error.message), error.hint.map(Program.shown))
            return [Checkup.Finding(.bad, "manifest", said, advice, error.exitCode)]
        }
    }
}
