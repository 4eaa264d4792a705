import NIOCore

/// A connection that is ready for requests, for those who live on another event loop.
struct FetchConnection: Sendable {
    let channel: any Channel
    let handler: NIOLoopBound<FetchHandler>

    func send(_ commands: [FetchCommand]) {
        channel.eventLoop.execute { handler.value.take(commands) }
    }

    /// Closes it and all that it needs elsewhere. What was outstanding is dropped.
    func close() {
        channel.eventLoop.execute { handler.value.close() }
    }
}
