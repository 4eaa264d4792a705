import FDLCore
import FDLPlan
import NIOHTTP1

/// One HTTP request: for a chunk of a worker, or for a range of a mirror's file.
struct ChunkRequest: Sendable {
    let id: RequestID
    /// In the order in which they follow each other in the body.
    let chunks: [ExpectedChunk]
    let resource: Resource

    /// What is asked for.
    enum Resource: Sendable, Hashable {
        /// A path below a worker's `/chunks/`, or a registry's blob.
        case chunk
        /// The bytes `first` to `last`, both included, of a mirror's file of `fileSize` bytes.
        case range(first: Int64, last: Int64, fileSize: Int64)
    }

    /// Whether the request allows a compressed response.
    let acceptsCompression: Bool
    /// Whether caches on the way are to ask the origin (`Cache-Control: no-cache`).
    let goesPastCaches: Bool
    /// The way that redirects have led it; nil if it is asked of the source itself.
    fileprivate(set) var journey: Journey?
    /// With what it goes to a registry; nil for other sources.
    fileprivate(set) var pass: RegistryEntry.Pass?
    /// How often it has been sent to a registry.
    fileprivate(set) var attempts = 0
    fileprivate(set) var head: HTTPRequestHead

    /// The chunk that an error is about where nothing has come of the answer.
    var firstChunk: Int { chunks.first?.index ?? 0 }

    /// The length of the decoded response body, in bytes.
    var bodyLength: Int { chunks.reduce(0) { $0 + $1.length } }

    /// Whether it is asked of the source's own origin.
    var isAtSource: Bool { journey.map { $0.here.origin == $0.stops[0].origin } ?? true }
}

/// Makes the requests for one source.
struct RequestWriter: Sendable {
    let source: Manifest.Source
    /// How it is entered, if it is a registry.
    let registry: RegistryLogin?
    let manifest: Manifest
    let layout: ChunkLayout
    let credentials: Credentials
    /// The fields of most requests to the source itself: those that want the body plain, and allow it compressed.
    private let plainFields: HTTPHeaders
    private let compressedFields: HTTPHeaders

    init(
        source: Manifest.Source,
        manifest: Manifest,
        credentials: Credentials = .none,
        registry: RegistryLogin? = nil
    ) {
        self.source = source
        self.registry = registry
        self.manifest = manifest
        self.credentials = credentials
        let shown = credentials.fields(for: source.url.origin)
        plainFields = Self.fields(at: source.url.origin, compressed: false, showing: shown)
        compressedFields = Self.fields(at: source.url.origin, compressed: true, showing: shown)
        layout = manifest.layout
    }

    /// - Parameters:
    ///   - chunks: one chunk of a worker or of a registry, or a run of chunks within one file of a mirror; not empty.
    ///   - compressed: whether a worker may send the chunk compressed; ignored for others.
    ///   - pastCaches: whether caches on the way have to ask the origin (RFC 9111 section 5.2.1.4).
    func request(_ id: RequestID, chunks: Range<Int>, compressed: Bool, pastCaches: Bool = false) -> ChunkRequest {
        let expected = chunks.map { chunk in
            ExpectedChunk(index: chunk, length: layout.length(ofChunk: chunk), digest: manifest.digests[chunk])
        }
        let resource: ChunkRequest.Resource
        let path: String
        switch source.kind {
        case .worker:
            resource = .chunk
            path = TreePath.chunk(manifest.digests[chunks.lowerBound]).relative
        case .oci:
            resource = .chunk
            path = Repository.blob(manifest.digests[chunks.lowerBound])
        case .mirror:
            let first = layout.location(ofChunk: chunks.lowerBound)
            let file = manifest.files[first.file]
            let last = first.offset + Int64(expected.reduce(0) { $0 + $1.length }) - 1
            resource = .range(first: first.offset, last: last, fileSize: file.size)
            path = TreePath.percentEncoded(file.path.string)
        }
        // A registry's blobs are what their digests say, and it compresses none.
        let accepts = compressed && source.kind == .worker
        var request = ChunkRequest(
            id: id,
            chunks: expected,
            resource: resource,
            acceptsCompression: accepts,
            goesPastCaches: pastCaches,
            head: HTTPRequestHead(version: .http1_1, method: .GET, uri: source.url.target(of: path))
        )
        request.head.headers = headers(of: request, at: source.url.origin)
        return request
    }

    /// The same request where redirects have led it.
    func request(_ request: ChunkRequest, along journey: Journey) -> ChunkRequest {
        var request = request
        let here = journey.here
        request.journey = journey
        request.head.uri = here.pathAndQuery
        request.head.headers = headers(of: request, at: here.origin)
        return request
    }

    /// The same request, which no redirect has led on, as it goes to a registry.
    func request(_ request: ChunkRequest, bearing pass: RegistryEntry.Pass) -> ChunkRequest {
        var request = request
        request.pass = pass
        request.attempts += 1
        request.head.headers = headers(of: request, at: source.url.origin)
        return request
    }

    /// The same request as it was before any redirect.
    func restarted(_ request: ChunkRequest) -> ChunkRequest {
        guard let journey = request.journey else { return request }
        var restarted = self.request(request, along: Journey(from: journey.stops[0]))
        restarted.journey = nil
        return restarted
    }

    /// Where a request is asked of the source itself.
    func start(of request: ChunkRequest) -> TargetURL {
        request.journey?.stops[0] ?? TargetURL(origin: source.url.origin, pathAndQuery: request.head.uri)
    }

    /// The file that a request asks a mirror for a part of; nil where it asks for a chunk.
    func file(of request: ChunkRequest) -> Int? {
        guard case .range = request.resource else { return nil }
        return layout.file(ofChunk: request.firstChunk)
    }

    /// - Parameter origin: who is asked: what is shown to it is shown to no other.
    private func headers(of request: ChunkRequest, at origin: Origin) -> HTTPHeaders {
        let compressed = request.acceptsCompression
        var headers: HTTPHeaders
        if origin == source.url.origin {
            headers = compressed ? compressedFields : plainFields
            if let token = request.pass?.token { headers.show([.bearer(token)]) }
        } else {
            headers = Self.fields(at: origin, compressed: compressed, showing: credentials.fields(for: origin))
        }
        // No field that is shown has one of these names (`SecretField`).
        if case .range(let first, let last, _) = request.resource {
            headers.add(name: "Range", value: "bytes=\(first)-\(last)")
        }
        if request.goesPastCaches { headers.add(name: "Cache-Control", value: "no-cache") }
        return headers
    }

    /// What does not depend on the chunk.
    private static func fields(at origin: Origin, compressed: Bool, showing shown: [SecretField]) -> HTTPHeaders {
        var headers = HTTPHeaders()
        headers.reserveCapacity(5)
        headers.add(name: "Host", value: origin.authority)
        headers.add(name: "User-Agent", value: "fdl-secure/\(Product.version)")
        headers.add(name: "Accept-Encoding", value: compressed ? "gzip, deflate" : "identity")
        // In place of fields of the same names.
        headers.show(shown)
        return headers
    }
}
