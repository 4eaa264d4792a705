import FDLClient
import FDLCommand
import FDLCore
import FDLTrust
import Synchronization

/// Tells a person, or with `--json` a program, what happens. Lines for people go to standard error, so that standard
/// output stays free for the bytes. `docs/json.md` lists the objects for programs.
final class Reporter: Sendable {
    private let json: Bool
    private let quiet: Bool
    private let display: ProgressDisplay
    let howFar = HowFar()
    /// Lines and objects that wait until it is known whether there is anything to say; nil if none wait.
    private let held = Mutex<[(JSONValue?, String?)]?>(nil)
    private let told = Mutex<Set<String>>([])
    /// When a program was told of progress last.
    private let toldProgress = Mutex<ContinuousClock.Instant?>(nil)

    init(json: Bool, quiet: Bool) {
        self.json = json
        self.quiet = quiet
        display = ProgressDisplay(json || quiet ? .nowhere : .ofStandardError)
    }

    /// - Parameter signer: nil if the manifest is unsigned by the reader's own wish.
    func begins(_ manifest: Manifest, signer: SignerName?, sources: [Manifest.Source]) {
        emit([
            "event": "begin", "name": .text(manifest.name.string), "version": .number(Int(manifest.version)),
            "signer": signer.map(\.json) ?? .null, "files": .number(manifest.files.count),
            "bytes": .number(Int(manifest.totalBytes)),
            "sources": .list(
                sources.map { ["url": .text("\($0.url)"), "kind": .text($0.kind.rawValue)] }
            ),
        ])
        let files = counted(manifest.files.count, "file")
        let count = sources.isEmpty ? "" : ", \(counted(sources.count, "source"))"
        say(
            "\(manifest.name) version \(manifest.version), \(SignerName.phrase(signer)): \(files), "
                + "\(ByteCount.text(manifest.totalBytes))\(count)"
        )
    }

    /// Shows what is being done as long as that takes, if nobody knows how much of it there is.
    func busy(_ doing: String) { if !isHolding { display.update(printable(doing)) } }

    /// Reports something that a person should know, but that does not end the command.
    func warn(_ text: String) {
        emit(["event": "warning", "message": .text(text)])
        say("warning: \(text)")
    }

    /// Reports something that may well be intended.
    func note(_ text: String) {
        emit(["event": "note", "message": .text(text)])
        say("note: \(text)")
    }

    /// What was asked at a URL is elsewhere. Said once.
    func redirected(_ url: String, to origin: Origin) {
        let url = withoutSecrets(url)
        guard told.withLock({ $0.insert("\(url) \(origin)").inserted }) else { return }
        emit(["event": "redirected", "url": .text(url), "to": .text("\(origin)")])
        say("note: \(url) leads to \(origin)")
    }

    func report(_ event: DownloadEvent) {
        switch event {
        case .accepted: break
        case .scanning(let bytes, let totalBytes): scanning(bytes, totalBytes)
        case .copying(let bytes, let totalBytes): scanning(bytes, totalBytes, "copying")
        case .scanned(let reused, let total):
            emit(["event": "scanned", "reused": .number(reused), "total": .number(total)])
            if reused > 0 { say("\(reused) of \(total) chunks are here already") }
        case .progress(let progress): report(progress)
        case .finishing:
            emit(["event": "finishing"])
            display.update("waiting for the disk")
        case .kept(let path):
            emit(["event": "kept", "path": .text(path)])
            say("what is left of the folder that was replaced is kept in \(path)")
        case .limited(let limitation):
            emit(["event": "limited", "what": .text("\(limitation)")])
            say("note: \(limitation)")
        case .sourceFailing(let source, let reason):
            emit(["event": "source", "url": .text("\(source.url)"), "failing": .text(reason)])
            tell("\(source.url) gives nothing now: \(reason); it is asked again")
        case .sourceReturned(let source):
            emit(["event": "source", "url": .text("\(source.url)"), "returned": .boolean(true)])
            tell("\(source.url) gives bytes again")
        case .sourceDropped(let source, let reason):
            emit(["event": "source", "url": .text("\(source.url)"), "dropped": .text(reason)])
            tell("\(source.url) is no longer asked: \(reason)")
        case .redirected(let source, let origin): redirected("\(source.url)", to: origin)
        case .corrupt(let source, let chunk):
            emit(["event": "corrupt", "url": .text("\(source.url)"), "chunk": .number(chunk)])
            tell("\(source.url) sent wrong bytes for chunk \(chunk)")
        }
    }

    /// So many bytes of local files have been read.
    /// - Parameter doing: what for.
    func scanning(_ bytes: Int64, _ totalBytes: Int64, _ doing: String = "checking") {
        guard !isHolding else { return }
        let amount = Progress.Amount(done: bytes, total: totalBytes)
        howFar.note(amount, isFetching: false)
        display.update(doing, amount)
        guard json, isProgressDue else { return }
        emit(["event": "scanning", "bytes": .number(Int(bytes)), "totalBytes": .number(Int(totalBytes))])
    }

    private func report(_ progress: DownloadProgress) {
        let amount = Progress.Amount(done: progress.bytes, total: progress.totalBytes, reused: progress.reusedBytes)
        howFar.note(amount, isFetching: true)
        let files = Progress.Files(done: progress.files, total: progress.totalFiles)
        display.update(
            "fetching",
            amount,
            moved: progress.receivedBytes,
            files: files.total > 1 ? files : nil,
            sources: progress.sources.map(Progress.Source.init)
        )
        guard json, isProgressDue else { return }
        emit([
            "event": "progress", "chunks": .number(progress.chunks), "totalChunks": .number(progress.totalChunks),
            "bytes": .number(Int(progress.bytes)), "totalBytes": .number(Int(progress.totalBytes)),
            "receivedBytes": .number(Int(progress.receivedBytes)), "files": .number(progress.files),
            "totalFiles": .number(progress.totalFiles),
        ])
    }

    /// Whether a program has not been told of progress for a second.
    private var isProgressDue: Bool {
        let now = ContinuousClock.now
        return toldProgress.withLock { told in
            if let last = told, now - last < .milliseconds(990) { return false }
            told = now
            return true
        }
    }

    /// - Parameter files: how many the output has; nil if it is no folder.
    func finished(_ summary: DownloadSummary, files: Int?, signer: SignerName?) {
        emit(DownloadAccount.json(summary))
        for line in DownloadAccount.lines(summary, files: files, signer: signer) { say(line) }
    }

    func problems(_ problems: [LocalTreeCheck.Problem]) {
        for problem in problems {
            emit(["event": "problem", "path": .text(problem.path), "problem": .text("\(problem.kind)")])
        }
        for line in VerifyFailure.lines(problems) { say(line) }
    }

    /// Everything matches.
    /// - Parameters:
    ///   - path: as it was given; `-` for standard input.
    ///   - name: what messages call that.
    func verified(_ check: VerifiedCheck, path: String, name: String, signer: SignerName?) {
        emit(check.json(path))
        say(check.line(name, signer: signer))
    }

    /// One of several manifests could not be got.
    func failed(_ manifest: String, _ failure: Failure) {
        let manifest = Program.shown(shownArgument(manifest))
        let (message, hint) = (Program.shown(failure.message), failure.hint.map(Program.shown))
        release()
        emit([
            "event": "failed", "manifest": .text(manifest), "code": .number(Int(failure.exitCode.rawValue)),
            "message": .text(message), "hint": hint.map { .text($0) } ?? .null,
        ])
        say("failed: \(manifest): \(message)")
        if let hint { say("  \(hint)") }
    }

    /// There is nothing newer than what is there: no reason to say anything to a person.
    func isCurrent(_ manifest: Manifest, path: String) {
        held.withLock { $0 = nil }
        endProgress()
        emit(["event": "current", "path": .text(path), "version": .number(Int(manifest.version))])
    }

    func forecast(_ forecast: DownloadForecast) {
        emit([
            "event": "forecast", "path": .text(forecast.path), "finished": .boolean(forecast.isFinished),
            "fetchedChunks": .number(forecast.fetchedChunks), "fetchedBytes": .number(Int(forecast.fetchedBytes)),
            "reusedBytes": .number(Int(forecast.reusedBytes)), "neededBytes": .number(Int(forecast.neededBytes)),
            "freeBytes": forecast.freeBytes.map { .number(Int($0)) } ?? .null,
        ])
        guard !forecast.isFinished else { return say("\(forecast.path): is there already, nothing would be fetched") }
        say(
            "\(forecast.path): \(ByteCount.text(forecast.fetchedBytes)) would be fetched in \(forecast.fetchedChunks) "
                + "chunks, \(ByteCount.text(forecast.reusedBytes)) reused"
        )
        guard let free = forecast.freeBytes else { return }
        let needed = ByteCount.text(forecast.neededBytes)
        say("  it needs \(needed) of room, and \(ByteCount.text(free)) are free")
        if free < forecast.neededBytes { warn("that is too little room: make some, or choose another place with -d") }
    }

    private var isHolding: Bool { held.withLock { $0 != nil } }

    /// Keeps everything back until `release`.
    func hold() { held.withLock { $0 = $0 ?? [] } }

    func release() {
        for (value, line) in held.withLock({ $0.take() }) ?? [] {
            if let value { emit(value) }
            if let line { say(line) }
        }
    }

    private func emit(_ value: JSONValue) {
        guard json, !isHeld(value, nil) else { return }
        StandardStream.output.writeLine(value.description)
    }

    private func say(_ line: String) {
        guard !quiet, !json, !isHeld(nil, line) else { return }
        StandardStream.error.writeLine(printable(Program.shown(line)))
    }

    /// Says what happens while it runs: in a log with the time.
    private func tell(_ line: String) {
        say(line + (display.logTime.map { " (after \($0.shown))" } ?? ""))
    }

    private func isHeld(_ value: JSONValue?, _ line: String?) -> Bool {
        held.withLock { held in
            held?.append((value, line))
            return held != nil
        }
    }

    /// No progress is shown from now on.
    func endProgress() { display.end() }
}
