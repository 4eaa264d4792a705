import NIOHTTP1

/// A request that waits for its turn.
enum PendingRequest {
    case request(HTTPRequestHead)
    /// What came is refused with this status, and the connection ends.
    case refusal(HTTPResponseStatus)
}
