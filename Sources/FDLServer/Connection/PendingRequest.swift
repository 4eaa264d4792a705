import NIOHTTP1

/// A request that waits for its turn.
enum PendingRequest {
    case request(HTTPRequestHead)
    /// The connection ends with this.
    case refusal(HTTPResponseStatus)
}
