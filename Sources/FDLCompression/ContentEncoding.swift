/// The content codings of HTTP that fdl speaks (RFC 9110 section 8.4.1).
package enum ContentEncoding: String, Sendable, Hashable, CaseIterable {
    /// RFC 1952.
    case gzip
    /// What HTTP calls deflate is the zlib format (RFC 1950) around a deflate stream (RFC 1951).
    case deflate

    /// The metric's name by which a worker says in `Server-Timing` that it compressed what was asked for.
    package static let timingMetric = "compress"

    /// zlib's `windowBits` for the largest window; 16 more asks for gzip's wrapper.
    var windowBits: Int32 {
        switch self {
        case .gzip: 15 + 16
        case .deflate: 15
        }
    }
}

/// Why compressed bytes are refused.
package enum CompressionError: Error, Hashable, Sendable {
    /// The stream inflates to more than the limit, or is itself far longer than anything of that size needs.
    case tooLong(limit: Int)
    /// The stream ended before its end mark and checksum.
    case truncated
    /// Bytes follow the end of the stream; a second gzip member is such bytes too.
    case trailingBytes
    /// Not a stream of that coding, or its checksum is wrong. `reason` is zlib's own word for it.
    case corrupt(reason: String)
    /// zlib could not get its working memory.
    case outOfMemory
}

extension CompressionError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooLong(let limit): "compressed data inflates to over \(limit) bytes"
        case .truncated: "compressed data is cut short"
        case .trailingBytes: "bytes follow the end of the compressed data"
        case .corrupt(let reason): "compressed data is corrupt (\(reason))"
        case .outOfMemory: "no memory for decompression"
        }
    }
}
