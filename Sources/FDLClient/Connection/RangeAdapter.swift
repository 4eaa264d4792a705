import FDLCore
import NIOCore
import NIOHTTP1

/// Takes ranges of a file out of one response with the whole file, from a source that has no ranges.
///
/// A server may ignore `Range` and answer 200 with everything (RFC 9110 section 14.2). The bytes before a range are read
/// past, and the response goes on for the ranges behind it, as long as they are asked for in ascending order.
struct RangeAdapter {
    /// What comes next for a range.
    enum Piece: Equatable {
        /// So many bytes before it.
        case readPast(Int)
        case body(ByteBuffer)
        /// The range is complete.
        case end
    }

    /// The target of the request for the file.
    private let target: String
    private let size: Int64
    /// Where in the file the next byte of `held` lies.
    private(set) var position: Int64 = 0
    /// The end of the last range that was promised.
    private var promised: Int64 = 0
    private var held = ByteBuffer()

    /// Nil unless `head` begins a plain response with the whole file to a request for a part of it.
    init?(_ head: HTTPResponseHead, to request: ChunkRequest) {
        guard case .range(let first, let last, let size) = request.resource, head.status == .ok,
            first > 0 || last < size - 1, !head.headers.contains(name: "Content-Encoding"),
            head.headers.first(name: "Content-Length").map({ Int64($0) == size }) ?? true
        else { return nil }
        target = request.head.uri
        self.size = size
        promised = last + 1
    }

    /// Whether the response can serve a further request; if so, it will.
    mutating func promise(_ request: ChunkRequest) -> Bool {
        guard case .range(let first, let last, _) = request.resource, request.head.uri == target, first >= promised
        else {
            return false
        }
        promised = last + 1
        return true
    }

    /// The head that a response to the range alone would have.
    func head(for request: ChunkRequest) -> HTTPResponseHead {
        guard case .range(let first, let last, _) = request.resource else {
            return HTTPResponseHead(version: .http1_1, status: .ok)
        }
        let headers: HTTPHeaders = ["Content-Range": "bytes \(first)-\(last)/\(size)"]
        return HTTPResponseHead(version: .http1_1, status: .partialContent, headers: headers)
    }

    /// Takes bytes of the response.
    mutating func take(_ bytes: ByteBuffer) {
        var bytes = bytes
        if held.readableBytes == 0 { held = bytes } else { held.writeBuffer(&bytes) }
    }

    /// What comes next for the range `first...last`; nil if no more of it has arrived.
    mutating func next(first: Int64, last: Int64) -> Piece? {
        if position > last { return .end }
        let there = Int64(held.readableBytes)
        guard there > 0 else { return nil }
        let count = min(there, position < first ? first - position : last + 1 - position)
        defer { position += count }
        guard position >= first, let slice = held.readSlice(length: Int(count)) else {
            held.moveReaderIndex(forwardBy: Int(count))
            return .readPast(Int(count))
        }
        return .body(slice)
    }
}
