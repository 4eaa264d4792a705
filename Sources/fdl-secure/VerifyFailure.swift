import FDLClient
import FDLCore

/// What a person is told of files that are not as the manifest says.
struct VerifyFailure: Explained {
    /// What was checked, as messages call it.
    let name: String
    let report: LocalTreeCheck.Report
    /// The command that would put it right; nil if none could, for it came as a stream.
    let repair: String?

    /// Longer lists of files are cut: `--json` has all of them.
    static let mostProblems = 10

    /// One a problem, before the error. A single one is told by that alone.
    static func lines(_ problems: [LocalTreeCheck.Problem]) -> [String] {
        guard problems.count > 1 else { return [] }
        let more = problems.count - mostProblems
        return problems.prefix(mostProblems).map { "\($0)" }
            + (more > 0 ? ["and \(counted(more, "more file")) \(more == 1 ? "does" : "do") not match"] : [])
    }

    var failure: Failure {
        let first = report.problems.first.map { "\($0)" } ?? ""
        let others = report.problems.count - 1
        return Failure(
            .integrity,
            "\(name) is not what the manifest describes: "
                + (others > 0 ? "\(first), and \(others) more do not match" : first),
            hint: hint
        )
    }

    private var hint: String {
        guard let repair else { return "send it again, from where it is whole" }
        if report.problems.contains(where: { if case .folded = $0.kind { true } else { false } }) {
            return "keep it on a file system that tells the two names apart, such as ext4, XFS or Btrfs"
        }
        let repairing = "\(repair) puts it right, fetching only what does not match"
        guard let unlisted = report.unlisted else { return repairing }
        let files = unlisted.count == 1 ? unlisted.example : "\(unlisted.example) and what else is not listed"
        return "move \(files) out of \(name), then \(repairing)"
    }
}

extension LocalTreeCheck.Unlisted {
    /// The rest of a sentence that begins with the folder's name.
    var sentence: String {
        count == 1
            ? "holds a file that the manifest does not list: \(example)"
            : "holds \(count) files that the manifest does not list, \(example) among them"
    }
}
