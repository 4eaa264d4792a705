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
        /// A path below a worker's `/chunks/`.
        case chunk
        /// The bytes `first` to `last`, both included, of a mirror's file of `fileSize` bytes.
        case range(first: Int64, last: Int64, fileSize: Int64)
    }

    let head: HTTPRequestHead
    /// Whether the request allows a compressed response.
    let acceptsCompression: Bool

    /// The length of the decoded response body, in bytes.
    var bodyLength: Int { chunks.reduce(0) { $0 + $1.length } }
}

/// Makes the requests for one source.
struct RequestWriter: Sendable {
    let source: Manifest.Source
    let manifest: Manifest
    let layout: ChunkLayout
    let credentials: Credentials
    /// What this source is shown with each request.
    private let fields: [SecretField]

    init(source: Manifest.Source, manifest: Manifest, credentials: Credentials = .none) {
        self.source = source
        self.manifest = manifest
        self.credentials = credentials
        fields = credentials.fields(for: source.url.origin)
        layout = manifest.layout
    }

    /// - Parameters:
    ///   - chunks: one chunk of a worker, or a run of chunks within one file of a mirror; not empty.
    ///   - compressed: whether a worker may send the chunk compressed; ignored for a mirror.
    ///   - pastCaches: whether caches on the way have to ask the origin (RFC 9111 section 5.2.1.4).
    func request(_ id: RequestID, chunks: Range<Int>, compressed: Bool, pastCaches: Bool = false) -> ChunkRequest {
        let expected = chunks.map { chunk in
            ExpectedChunk(index: chunk, length: layout.length(ofChunk: chunk), digest: manifest.digests[chunk])
        }
        var headers = HTTPHeaders()
        headers.reserveCapacity(4)
        headers.add(name: "Host", value: source.url.authority)
        headers.add(name: "User-Agent", value: "fdl-secure/\(Product.version)")
        if pastCaches { headers.add(name: "Cache-Control", value: "no-cache") }
        switch source.kind {
        case .worker:
            let path = TreePath.chunk(manifest.digests[chunks.lowerBound]).relative
            headers.add(name: "Accept-Encoding", value: compressed ? "gzip, deflate" : "identity")
            return ChunkRequest(
                id: id,
                chunks: expected,
                resource: .chunk,
                head: head(source.url.target(of: path), headers),
                acceptsCompression: compressed
            )
        case .mirror:
            let first = layout.location(ofChunk: chunks.lowerBound)
            let file = manifest.files[first.file]
            let last = first.offset + Int64(expected.reduce(0) { $0 + $1.length }) - 1
            headers.add(name: "Accept-Encoding", value: "identity")
            headers.add(name: "Range", value: "bytes=\(first.offset)-\(last)")
            return ChunkRequest(
                id: id,
                chunks: expected,
                resource: .range(first: first.offset, last: last, fileSize: file.size),
                head: head(source.url.target(of: TreePath.percentEncoded(file.path.string)), headers),
                acceptsCompression: false
            )
        }
    }

    private func head(_ target: String, _ own: HTTPHeaders) -> HTTPRequestHead {
        var headers = own
        headers.show(fields)
        return HTTPRequestHead(version: .http1_1, method: .GET, uri: target, headers: headers)
    }
}
