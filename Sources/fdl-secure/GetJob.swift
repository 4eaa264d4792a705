import FDLClient
import FDLCommand
import FDLCore
import FDLSystem
import FDLTrust

/// What `get` does for one manifest.
struct GetJob {
    let command: GetCommand
    let manifest: String
    let access: SourceAccess
    let reporter: Reporter

    func run() async throws(Failure) {
        if command.update { reporter.hold() }
        let accepted = try await command.trust.load(manifest, command.sources, access, reporter)
        let whole = accepted.verified.manifest
        let output = command.outputs.destination(of: whole)
        let verified = try grown(try command.selection.selection(of: accepted.verified), accepted.verified, output)
        let manifest = verified.manifest
        var request = DownloadRequest(
            manifest: verified,
            output: output,
            sources: try command.sources.all(of: manifest, fetchedFrom: accepted.worker),
            tls: try command.sources.tls(of: manifest)
        )
        request.access = access
        request.follow = { () throws(Failure) in try accepted.acceptance.note(accepted.verified) }
        command.transfer.apply(to: &request)
        request.replacesExisting = command.outputs.force
        if !command.selection.isEmpty { try await allowAdding(to: &request) }
        var kept: KeptManifest?
        if case .path(let path) = output {
            if command.update, try await isCurrent(accepted, path, &request) {
                return reporter.isCurrent(manifest, path: path)
            }
            if command.outputs.keepManifest || command.update { kept = KeptManifest(beside: path) }
        }
        if command.trust.name == nil, accepted.worker == nil { noteOutput(manifest) }
        try kept?.check()
        reporter.release()
        let signer = SignerName(of: verified)
        reporter.begins(manifest, signer: signer, sources: request.sources)
        let downloader = Downloader(request) { [reporter] in reporter.report($0) }
        if command.dryRun {
            let forecast = try await downloader.forecast()
            reporter.endProgress()
            return reporter.forecast(forecast)
        }
        let path: String? = if case .path(let path) = output { path } else { nil }
        Interruption.tell { [howFar = reporter.howFar] in howFar.interruptedDownload(of: path) }
        let summary = try await interruptible { () throws(Failure) in try await downloader.run() }
        try kept?.write(accepted.bytes)
        reporter.endProgress()
        reporter.finished(summary, files: manifest.isSingleFile ? nil : manifest.files.count, signer: signer)
    }

    /// Notes that the output is named for something else than the manifest: by it a person may have meant another one.
    private func noteOutput(_ manifest: Manifest) {
        guard let output = command.outputs.output, output != "-", !output.hasSuffix("/") else { return }
        let name = splitLast(output).name
        let own = [manifest.name.string] + (manifest.isSingleFile ? [manifest.files[0].path.string] : [])
        guard !own.contains(name), ManifestName(from: name) != manifest.name else { return }
        reporter.note("what goes to \(shortened(output)) is \(manifest.name)")
    }

    /// Runs the job until it ends or a signal asks it to.
    private func interruptible(
        _ job: @escaping @Sendable () async throws(Failure) -> DownloadSummary
    ) async throws(Failure) -> DownloadSummary {
        let task = Task { () -> Result<DownloadSummary, Failure> in
            do throws(Failure) { return .success(try await job()) } catch { return .failure(error) }
        }
        // Held to the end of the program: a job that completes in spite of the signal has succeeded.
        Interruption.hold { task.cancel() }
        return try await task.value.get()
    }

    // MARK: Some of a folder

    /// A selection, and what of the other listed files is in the folder already: it stays there.
    private func grown(
        _ selection: VerifiedManifest,
        _ whole: VerifiedManifest,
        _ output: DownloadRequest.Output
    ) throws(Failure) -> VerifiedManifest {
        guard selection.manifest.isSelection, case .path(let path) = output else { return selection }
        let chosen = Set(selection.manifest.files.map(\.path))
        return whole.selecting { chosen.contains($0.path) || Self.isThere($0, in: path) } ?? selection
    }

    private static func isThere(_ file: Manifest.File, in folder: String) -> Bool {
        (try? FileStatus(path: "\(folder)/\(file.path)", following: false))?.kind == .regular
    }

    /// Lets a folder be replaced if all that it has of the selection is right already: then nothing is lost.
    private func allowAdding(to request: inout DownloadRequest) async throws(Failure) {
        guard !request.replacesExisting, !request.manifest.manifest.isSingleFile, case .path(let path) = request.output,
            let present = request.manifest.selecting({ Self.isThere($0, in: path) })
        else { return }
        let isRight = try await LocalTreeCheck.check(present, at: path) { [reporter] in reporter.scanning($0, $1) }
        request.replacesExisting = isRight.isComplete
    }

    // MARK: Updates

    /// Whether the output is what this version, or a newer one, has written. If an earlier one has written it, it may be
    /// replaced.
    /// - Throws: `Failure` (73) if it has been changed since.
    private func isCurrent(
        _ accepted: ManifestOptions.Accepted,
        _ path: String,
        _ request: inout DownloadRequest
    ) async throws(Failure) -> Bool {
        guard (try? FileStatus(path: path, following: false)) != nil,
            let bytes = try KeptManifest(beside: path).read()
        else { return false }
        if bytes.manifest == accepted.bytes.manifest { return true }
        // One that nobody vouches for any more says nothing of who wrote the output.
        guard let earlier = try? await command.trust.earlier(KeptManifest(beside: path)),
            earlier.manifest.name == accepted.verified.manifest.name,
            earlier.manifest.version <= accepted.verified.manifest.version
        else { return false }
        let report = try await LocalTreeCheck.check(earlier, at: path) { [reporter] in reporter.scanning($0, $1) }
        guard report.isComplete || request.replacesExisting else {
            throw Failure(
                .cannotCreate,
                "\(path) is not what version \(earlier.manifest.version) wrote: "
                    + (report.problems.first.map { "\($0)" } ?? ""),
                hint: "move it away, or run it with --force to replace it"
            )
        }
        request.replacesExisting = true
        request.replacedManifest = earlier.manifest
        return false
    }
}
