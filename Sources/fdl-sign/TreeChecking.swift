import ArgumentParser
import FDLCommand
import FDLCore
import FDLPublishing
import FDLSystem
import FDLTrust

/// What `publish --check` and `--heal` do and say.
struct TreeChecking {
    let heals: Bool
    let from: String?

    /// Looks at one manifest in the directories, or at all that they show.
    /// - Parameters:
    ///   - given: the manifest and its path; nil for all.
    /// - Throws: `Failure` (65) if chunks lack copies in the end.
    func run(_ given: (path: String, bytes: SignedBytes, manifest: Manifest)?, in directories: [String]) async throws {
        let trees = try PublishedTree.open(directories, for: heals ? .changing : .looking)
        let manifests =
            if let given { [(manifest: given.manifest, bytes: given.bytes.manifest)] } else {
                try TreeInspection.manifests(in: trees)
            }
        try ProcessLimits.check(
            threads: ManifestRecipe.coreCount + 2,
            bytes: (ManifestRecipe.coreCount + 2) * 3 * ChunkSize.allowed.upperBound
        )
        var lacking = 0
        var badFiles = 0
        for one in manifests {
            let source = try source(of: one.manifest, given?.path)
            let inspection = try TreeInspection(one.manifest, one.bytes, in: trees, from: source)
            let display = ProgressDisplay(.ofStandardError)
            defer { display.end() }
            let report = try await inspection.run(
                healing: heals,
                threads: ManifestRecipe.coreCount,
                progress: { display.update("checking", Progress.Amount(done: $0, total: $1)) }
            )
            display.end()
            show(report)
            lacking += report.lacking.count + report.wrongForms.count
            badFiles += report.badFiles.count
        }
        guard lacking + badFiles > 0 else { return }
        var found: [String] = []
        if lacking > 0 { found.append("\(counted(lacking, "chunk")) \(lacking == 1 ? "lacks" : "lack") a good copy") }
        if badFiles > 0 {
            found.append("\(counted(badFiles, "whole file")) \(badFiles == 1 ? "is" : "are") missing or wrong")
        }
        throw Failure(
            .integrity,
            found.joined(separator: ", and "),
            hint: heals
                ? "name the file or folder with --from, from which they can be made"
                : "make what is missing from the good copies with --heal, or from the file or folder with --heal --from"
        )
    }

    /// The file or folder from which chunks can be made: only if it is named, since it may be another version's by now.
    private func source(of manifest: Manifest, _ path: String?) throws -> PublishingSource? {
        guard let from else { return nil }
        return try PublishingSource(of: manifest, beside: path ?? FileNames.served(manifest.name), given: from)
    }

    private func show(_ report: CopyReport) {
        StandardStream.output.writeLine("\(report.name) version \(report.version)")
        for (copies, chunks) in report.counts.sorted(by: { $0.key > $1.key }) {
            StandardStream.output.writeLine(
                "  \(copies) good \(copies == 1 ? "copy" : "copies"): \(counted(chunks, "chunk"))"
            )
        }
        if report.healed > 0 { StandardStream.output.writeLine("  healed: \(report.healed)") }
        for chunk in report.lacking {
            let missing = chunk.missing.map { "missing in \(printable($0))" }
            let wrong = chunk.wrong.map { "wrong in \(printable($0))" }
            StandardStream.output.writeLine(
                "  \(chunk.digest): \(chunk.good) good, \((missing + wrong).joined(separator: ", "))"
            )
        }
        if report.files > 0 {
            let good = report.files - report.badFiles.count
            let number = good == report.files ? "\(good)" : "\(good) of \(report.files)"
            StandardStream.output.writeLine("  whole files: \(number) good")
        }
        for file in report.badFiles {
            StandardStream.output.writeLine("  \(file.isMissing ? "missing" : "wrong"): \(printable(file.path))")
        }
        for path in report.wrongForms { StandardStream.output.writeLine("  wrong: \(printable(path))") }
    }
}
