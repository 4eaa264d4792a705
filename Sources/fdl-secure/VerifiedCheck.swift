import FDLClient
import FDLCommand
import FDLCore
import FDLTrust

/// A check that has found everything as the manifest says.
struct VerifiedCheck {
    let manifest: Manifest
    let report: LocalTreeCheck.Report
    let duration: Duration

    /// For people.
    func line(_ name: String, signer: SignerName?) -> String {
        let files = manifest.isSingleFile ? "" : counted(manifest.files.count, "file") + ", "
        var line =
            "\(name): \(files)\(ByteCount.text(manifest.totalBytes)) verified in \(JSONValue.seconds(duration)) s"
        // What takes no time has no rate.
        if duration >= .milliseconds(100) {
            line += " at " + DownloadAccount.rate(manifest.totalBytes, in: duration)
        }
        return line + ", \(SignerName.phrase(signer)); all \(counted(report.totalChunks, "chunk")) match"
    }

    /// For programs.
    func json(_ path: String) -> JSONValue {
        [
            "event": "done", "path": .text(path), "bytes": .number(Int(manifest.totalBytes)),
            "seconds": .seconds(duration),
            "chunks": ["total": .number(report.totalChunks), "matching": .number(report.matchingChunks)],
        ]
    }
}
