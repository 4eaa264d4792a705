import ArgumentParser
import FDLCore
import FDLTrust

/// Which files of a folder are meant.
struct SelectionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Of a folder, only files that match: *.iso, docs/**, lib/[a-m]*. May be repeated.",
            valueName: "glob"
        )
    )
    var only: [Pattern] = []

    @Option(help: ArgumentHelp("Of a folder, no files that match. May be repeated.", valueName: "glob"))
    var except: [Pattern] = []

    /// A pattern on the command line.
    struct Pattern: ExpressibleByArgument {
        let text: String
        let glob: Glob

        init?(argument: String) {
            guard let glob = Glob(argument) else { return nil }
            self.text = argument
            self.glob = glob
        }
    }

    var isEmpty: Bool { only.isEmpty && except.isEmpty }

    /// Whether a file is meant.
    func wants(_ file: Manifest.File) -> Bool {
        let path = file.path.string
        return (only.isEmpty || only.contains { $0.glob.matches(path) }) && !except.contains { $0.glob.matches(path) }
    }

    /// - Returns: the manifest with the files that are meant.
    /// - Throws: `Failure` (64) if there are none, or one of the patterns is of no use.
    func selection(of verified: VerifiedManifest) throws(Failure) -> VerifiedManifest {
        guard !isEmpty else { return verified }
        let files = verified.manifest.files
        let hint = "fdl-secure list shows the files that there are; quote patterns, so that the shell leaves them alone"
        for (option, patterns) in [("--only", only), ("--except", except)] {
            let idle = patterns.first { pattern in !files.contains { pattern.glob.matches($0.path.string) } }
            if let idle { throw Failure(.usage, "no file matches \(option) \(printable(idle.text))", hint: hint) }
        }
        guard let selection = verified.selecting(wants) else {
            throw Failure(.usage, "--except leaves no file", hint: hint)
        }
        return selection
    }
}
