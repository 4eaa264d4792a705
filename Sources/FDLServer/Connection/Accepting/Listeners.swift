import FDLSystem
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Accepts connections on all sockets until shutdown; then closes the listeners and waits until the connections are
/// closed too.
struct Listeners: Service {
    /// Those that the process listens at.
    let sockets: [ListeningSocket]
    let channel: WorkerChannel
    let loops: MultiThreadedEventLoopGroup
    let limits: LiveLimits
    /// Called for each address in order, with the port it got, once all accept connections; not called at all if one
    /// fails.
    let onListening: @Sendable (ListenAddress) -> Void

    /// - Throws: `WorkerError.server` if a socket cannot be used, or if the system closes one; then after the answers
    ///   under way are sent.
    func run() async throws {
        let listening = try await openAll()
        let addresses = sockets.map { ListenAddress(host: $0.host, port: $0.port) }
        for address in addresses { onListening(address) }
        let closed = try await withTaskCancellationOrGracefulShutdownHandler {
            try await Self.firstClosed(of: zip(addresses, listening).map { ($0, $1) })
        } onCancelOrGracefulShutdown: {
            for channel in listening { channel.close(promise: nil) }
        }
        if let closed, !Task.isCancelled, !Task.isShuttingDownGracefully {
            await channel.connections.drain(within: limits.current.drain)
            throw WorkerError.server(reason: "the system has closed \(closed), see the log")
        }
        await channel.connections.end(within: limits.current.drain)
    }

    /// Waits until one listener is closed, closes the others too, and returns the address of the first.
    private static func firstClosed(
        of listening: [(address: ListenAddress, channel: any Channel)]
    ) async throws -> ListenAddress? {
        try await withThrowingTaskGroup(of: ListenAddress.self) { group in
            for (address, channel) in listening {
                group.addTask {
                    try await channel.closeFuture.get()
                    return address
                }
            }
            let first = try await group.next()
            for (_, channel) in listening { channel.close(promise: nil) }
            try await group.waitForAll()
            return first
        }
    }

    private func openAll() async throws -> [any Channel] {
        var listening: [any Channel] = []
        for socket in sockets {
            do {
                listening.append(try await open(socket))
            } catch {
                for other in listening { try? await other.close() }
                throw WorkerError.server(reason: "cannot listen: \(error)")
            }
        }
        return listening
    }

    private func open(_ socket: ListeningSocket) async throws -> any Channel {
        let descriptor = socket.take()
        let listening = try await ServerBootstrap(group: loops)
            // Accept one connection at a time: there is hardly ever a second one waiting, and looking for it costs a
            // system call.
            .serverChannelOption(.maxMessagesPerRead, value: 1)
            // Accept none before `AcceptHandler` is there to take it.
            .serverChannelOption(.autoRead, value: false)
            .withBoundSocket(descriptor)
            .get()
        ListeningSocket.restoreBacklog(of: descriptor)
        do {
            let connections = channel.connections
            try await AcceptHandler.open(
                at: listening,
                logger: channel.services.logger,
                makeRoom: { connections.makeRoom() },
                { [channel] in channel.setUp($0) }
            )
            .get()
        } catch {
            try? await listening.close()
            throw error
        }
        return listening
    }
}
