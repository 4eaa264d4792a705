import FDLCompression
import FDLCore
import NIOHTTP1

/// The header fields of chunks.
enum ChunkHeaders {
    /// The content of a chunk's address never changes, so the digest is its validator. Each coding is a representation
    /// of its own and needs a tag of its own (RFC 9110 section 8.8.3.3).
    static func entityTag(_ digest: SHA256Digest, _ encoding: ContentEncoding?) -> String {
        encoding.map { "\"\(digest.hex)-\($0.rawValue)\"" } ?? "\"\(digest.hex)\""
    }

    /// - Parameter digest: of the representation. RFC 9530 section 3: `Repr-Digest` covers the representation data
    ///   *with* its content coding, so a compressed chunk has the digest of its compressed bytes there; a range has the
    ///   digest of the whole.
    static func fields(digest: SHA256Digest) -> HTTPHeaders {
        [
            "Content-Type": "application/octet-stream",
            "Cache-Control": "public, max-age=31536000, immutable",
            "Vary": "Accept-Encoding",
            "Repr-Digest": "sha-256=:\(Base64.encode(digest.bytes)):",
        ]
    }

    /// The answer that sends a chunk compressed.
    /// - Parameter wait: how long it was waited for the compression; nil if it was done already. It is told (Server
    ///   Timing, W3C): a reader on a fast network may rather have the next chunks plain.
    static func answer(_ chunk: CompressibleChunk, _ compressed: CompressedChunk, wait: Duration?) -> Answer {
        var headers = fields(digest: compressed.digest)
        headers.add(name: "Content-Encoding", value: chunk.encoding.rawValue)
        headers.add(name: "ETag", value: entityTag(chunk.digest, chunk.encoding))
        if let wait {
            let milliseconds = Int(wait / .milliseconds(1))
            headers.add(name: "Server-Timing", value: "\(ContentEncoding.timingMetric);dur=\(milliseconds)")
        }
        return Answer(.ok, headers: headers, body: .bytes(compressed.bytes))
    }
}
