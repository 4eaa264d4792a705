import FDLCore
import FDLCrypto
import FDLSystem
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Decides what each request is answered with. It opens files and checks their sizes, but reads none of their bytes
/// and sends nothing.
final class Responder: Sendable {
    let root: ServedRoot
    let watcher: CatalogWatcher
    private let notices: LimitNotices
    private let pin: @Sendable () -> PublicKeyPin?
    private let draining = Atomic(false)

    /// - Parameter pin: what readers need for the certificate, if anything: the page for people says it.
    init(
        root: ServedRoot,
        watcher: CatalogWatcher,
        notices: LimitNotices,
        pin: @escaping @Sendable () -> PublicKeyPin? = { nil }
    ) {
        self.pin = pin
        self.root = root
        self.watcher = watcher
        self.notices = notices
    }

    /// From now on `/healthz` answers 503, and every answer is its connection's last.
    func startDraining() { draining.store(true, ordering: .relaxed) }

    var isDraining: Bool { draining.load(ordering: .relaxed) }

    /// Brings the catalog up to the tree as it is now.
    /// - Returns: on `loop`. Never fails.
    func lookAgain(on threads: NIOThreadPool, _ loop: any EventLoop) -> EventLoopFuture<Void> {
        watcher.lookAgain(on: threads, loop)
    }

    /// - Parameters:
    ///   - now: the time for comparing dates.
    ///   - hasLooked: whether the tree was looked at since the request came. Then nothing is decided to be looked for.
    func decide(_ request: HTTPRequestHead, now: UTCTime, hasLooked: Bool = false) -> Decision {
        let fields = RequestFields(request.headers)
        if let fault = RequestForm.fault(of: request, fields) { return .answer(.refusal(fault)) }
        guard let target = RequestTarget(request.uri) else { return .answer(.refusal(.badRequest)) }
        guard request.method == .GET || request.method == .HEAD else {
            return .answer(Answer(.methodNotAllowed, text: "only GET and HEAD", headers: ["Allow": "GET, HEAD"]))
        }
        do throws(SystemError) {
            switch target.path {
            case .frontPage: return .answer(frontPage(request))
            case .health: return .answer(health)
            // Whoever has just published reads the index to see it there.
            case .index: return hasLooked ? .answer(index) : .lookAgain
            case .manifest(let name):
                return try manifest(name, request, fields, now: now, hasLooked) ?? lacking(hasLooked)
            case .publisher(let name, let file):
                let path = "\(TreePath.publishers)\(name)/\(file)"
                return .answer(try document(path, request, fields, now: now) ?? .refusal(.notFound))
            case .chunk(let digest):
                return try chunk(digest, request, fields, now: now, mayWait: hasLooked) ?? lacking(hasLooked)
            case .file(let path): return try file(path, request, fields, now: now, mayWait: hasLooked)
            case nil: return .answer(.refusal(.notFound))
            }
        } catch {
            notices.happened(.localFault, ["error": "\(error)"])
            return .answer(.unavailable)
        }
    }

    private static let plainFile: HTTPHeaders = ["Content-Type": "application/octet-stream"]

    /// As many as an answer with a file or a chunk has, and one for the end of the connection: room for them at once.
    private static let mostFields = 10

    /// What the catalog lacks is not there, unless the tree could not be read as a whole.
    private func lacking(_ hasLooked: Bool) -> Decision {
        guard hasLooked else { return .lookAgain }
        return .answer(watcher.seesAll ? .refusal(.notFound) : .unavailable)
    }

    // MARK: Pages

    private func frontPage(_ request: HTTPRequestHead) -> Answer {
        FrontPage.answer(to: request, watcher.publications, trust: pin().map { "--pin \($0)" })
    }

    private var index: Answer {
        Answer(
            .ok,
            headers: ["Content-Type": "application/json", "Cache-Control": "no-cache"],
            body: .bytes(ByteBuffer(bytes: watcher.catalog.listing))
        )
    }

    private var health: Answer {
        let headers: HTTPHeaders = ["Cache-Control": "no-store"]
        if isDraining { return Answer(.serviceUnavailable, text: "draining", headers: headers) }
        do throws(SystemError) {
            try root.check()
            return Answer(.ok, text: "serving", headers: headers)
        } catch {
            notices.happened(.localFault, ["error": "\(error)"])
            return Answer(
                .serviceUnavailable,
                text: "not serving: \(SystemError.text(error.code))",
                headers: ["Cache-Control": "no-store", "Retry-After": "2"]
            )
        }
    }

    // MARK: Files

    /// - Returns: nil where the catalog has no such manifest.
    private func manifest(
        _ name: String,
        _ request: HTTPRequestHead,
        _ fields: RequestFields,
        now: UTCTime,
        _ hasLooked: Bool
    ) throws(SystemError) -> Decision? {
        let catalog = watcher.catalog
        guard let path = catalog.path(ofManifest: name) else {
            return export(name, host: fields.host).map(Decision.answer)
        }
        guard let (manifest, pair, suffix) = catalog.pair(at: path) else {
            return try document(path, request, fields, now: now).map(Decision.answer)
        }
        // The catalog has the pair before: a new one is there, or half of it.
        let isCurrent = try root.open(manifest)?.status == pair.status
        guard let suffix else {
            if !isCurrent, !hasLooked { return .lookAgain }
            return try document(path, request, fields, now: now).map(Decision.answer)
        }
        guard let signature = pair.signatures[suffix] else { return nil }
        let isThere = try root.open(path)?.status == signature.status
        if !hasLooked, !isCurrent || !isThere { return .lookAgain }
        return .answer(memory(signature.bytes, request, headers: Self.fields(of: name), now: now))
    }

    /// A signed document, or the signature of one, as the disk has it; nil if it has none.
    private func document(
        _ path: String,
        _ request: HTTPRequestHead,
        _ fields: RequestFields,
        now: UTCTime
    ) throws(SystemError) -> Answer? {
        guard let file = try root.open(path) else { return nil }
        return whole(file, request, fields, headers: Self.fields(of: path), now: now)
    }

    /// The header fields of a signed document and of its signatures.
    private static func fields(of name: String) -> HTTPHeaders {
        [
            "Content-Type": name.hasSuffix(FileNames.signatureSuffix)
                ? "text/plain; charset=utf-8" : "application/json",
            // A new version may take the name at any time.
            "Cache-Control": "no-cache",
        ]
    }

    /// Answers with a few bytes whole.
    private func memory(_ bytes: [UInt8], _ request: HTTPRequestHead, headers: HTTPHeaders, now: UTCTime) -> Answer {
        let validators = Validators(entityTag: "\"\(SHA256Digest(hashing: bytes).hex)\"")
        var headers = headers
        switch Preconditions.evaluate(request.headers, validators, alternatives: [], now: now) {
        case .failed: return .refusal(.preconditionFailed)
        case .notModified(let entityTag):
            headers.remove(name: "Content-Type")
            headers.add(name: "ETag", value: entityTag)
            return Answer(.notModified, headers: headers)
        case .proceed:
            headers.add(name: "ETag", value: validators.entityTag)
            return Answer(.ok, headers: headers, body: .bytes(ByteBuffer(bytes: bytes)))
        }
    }

    /// - Parameter mayWait: whether what its content would have told has been found out; if not, that may be decided.
    private func file(
        _ path: String,
        _ request: HTTPRequestHead,
        _ fields: RequestFields,
        now: UTCTime,
        mayWait: Bool
    ) throws(SystemError) -> Decision {
        var (opened, place) = (try root.open(path), path)
        if opened == nil { (opened, place) = (try openPublished(path), TreePath.files + path) }
        guard let file = opened else { return .answer(.refusal(.notFound)) }
        if !watcher.catalog.isSigned(place) {
            let verdict = FileNames.isSecretKey(path) ? .privateKey : try root.keys.verdict(of: file, mayWait: mayWait)
            if let kept = holdBack(file, by: verdict, ["path": "\(path)"]) { return kept }
        }
        return .answer(whole(file, request, fields, headers: Self.plainFile, now: now))
    }

    /// - Parameter metadata: what was asked for, for the log.
    /// - Returns: nil for a file that may be handed out, as far as its content goes.
    func holdBack(_ file: ServedFile, by verdict: PrivateKeyInspection.Verdict, _ metadata: Logger.Metadata)
        -> Decision?
    {
        switch verdict {
        case .clean: return nil
        case .unknown: return .inspect(file)
        case .privateKey:
            notices.happened(.privateKey, metadata)
            return .answer(.refusal(.notFound))
        }
    }

    /// Finds out what `Decision.inspect` asks for.
    /// - Returns: on `loop`. Never fails: what cannot be read is found out by the next decision.
    func inspect(_ file: ServedFile, on threads: NIOThreadPool, _ loop: any EventLoop) -> EventLoopFuture<Void> {
        threads.runIfActive(eventLoop: loop) { [root] in _ = try root.keys.verdict(of: file, mayWait: true) }
            .recover { _ in }
    }

    private func whole(
        _ file: ServedFile,
        _ request: HTTPRequestHead,
        _ fields: RequestFields,
        headers: HTTPHeaders,
        now: UTCTime
    ) -> Answer {
        let status = file.status
        let seconds = status.modified / 1_000_000_000 - (status.modified % 1_000_000_000 < 0 ? 1 : 0)
        let validators = Validators(
            entityTag: "\"\(String(status.modified, radix: 16))-\(String(status.size, radix: 16))\"",
            lastModified: UTCTime(secondsSince1970: seconds)
        )
        let slice = FileSlice(file: file, offset: 0, length: status.size)
        return answer(request, fields, slice, validators, headers: headers, now: now)
    }

    /// Answers with a file or a chunk of one. Conditions are evaluated first, then ranges.
    /// - Parameter alternatives: see `Preconditions.evaluate`.
    func answer(
        _ request: HTTPRequestHead,
        _ fields: RequestFields,
        _ slice: FileSlice,
        _ validators: Validators,
        alternatives: [String] = [],
        headers: HTTPHeaders,
        now: UTCTime
    ) -> Answer {
        var headers = headers
        headers.reserveCapacity(Self.mostFields)
        if let modified = validators.lastModified {
            headers.add(name: "Last-Modified", value: HTTPDate.string(modified))
        }
        let outcome =
            fields.has(.condition)
            ? Preconditions.evaluate(request.headers, validators, alternatives: alternatives, now: now) : .proceed
        switch outcome {
        case .failed: return .refusal(.preconditionFailed)
        case .notModified(let entityTag):
            headers.remove(name: "Content-Type")
            headers.remove(name: "Repr-Digest")
            headers.add(name: "ETag", value: entityTag)
            return Answer(.notModified, headers: headers)
        case .proceed: break
        }
        headers.add(name: "ETag", value: validators.entityTag)
        headers.add(name: "Accept-Ranges", value: "bytes")
        // Ranges are defined for GET alone (RFC 9110 section 14.2).
        guard request.method == .GET, fields.has(.range),
            Preconditions.rangeApplies(request.headers, validators, now: now)
        else {
            return Answer(.ok, headers: headers, body: .slice(slice))
        }
        switch RangeRequest(fields: request.headers["range"], size: slice.length) {
        case .whole:
            return Answer(.ok, headers: headers, body: .slice(slice))
        case .part(let range):
            headers.add(
                name: "Content-Range",
                value: "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(slice.length)"
            )
            let length = range.upperBound - range.lowerBound
            let part = FileSlice(file: slice.file, offset: slice.offset + range.lowerBound, length: length)
            return Answer(.partialContent, headers: headers, body: .slice(part))
        case .unsatisfiable:
            return Answer(
                .rangeNotSatisfiable,
                text: "there are \(slice.length) bytes",
                headers: ["Content-Range": "bytes */\(slice.length)", "ETag": validators.entityTag]
            )
        }
    }
}
