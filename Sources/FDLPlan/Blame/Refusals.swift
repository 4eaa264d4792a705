/// The 403s of one source. An object store that does not let its objects be listed answers so for what it does not have,
/// a server with access rules for what this reader may not have, and some servers for a connection too many.
struct Refusals: Sendable {
    /// Different chunks in a row, since the source last gave one.
    private(set) var inARow = 0
    /// Whether a 403 has been about its chunk for certain, as all later ones are then taken to be.
    private(set) var areOfChunks = false

    /// So many in a row are no gaps any more: the source is closed to this reader.
    static let most = 16

    /// A chunk was refused, and not the connection.
    /// - Returns: whether it is closed.
    mutating func refuse() -> Bool {
        areOfChunks = true
        inARow += 1
        return inARow >= Self.most
    }

    /// A chunk was given.
    mutating func accept() { inARow = 0 }
}
