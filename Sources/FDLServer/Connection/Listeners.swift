import Glibc
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Accepts connections at all addresses until shutdown; then closes the listeners and waits until the connections are
/// closed too.
struct Listeners: Service {
    let addresses: [ListenAddress]
    let channel: WorkerChannel
    let loops: MultiThreadedEventLoopGroup
    /// Called for each address in order, with the port it got, once all accept connections; not called at all if one
    /// fails.
    let onListening: @Sendable (ListenAddress) -> Void

    /// - Throws: `WorkerError.listen` if an address cannot be listened at; `.server` if the system closes a listener,
    ///   after the answers under way are sent.
    func run() async throws {
        let listening = try await openAll()
        for (address, channel) in zip(addresses, listening) {
            onListening(ListenAddress(host: Self.host(of: address), port: channel.localAddress?.port ?? address.port))
        }
        let closed = try await withTaskCancellationOrGracefulShutdownHandler {
            try await Self.firstClosed(of: zip(addresses, listening).map { ($0, $1) })
        } onCancelOrGracefulShutdown: {
            for channel in listening { channel.close(promise: nil) }
        }
        if let closed, !Task.isCancelled, !Task.isShuttingDownGracefully {
            await channel.connections.drain(within: channel.services.limits.drain)
            throw WorkerError.server(reason: "the system has closed \(closed), see the log")
        }
        await channel.connections.end(within: channel.services.limits.drain)
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
        for address in addresses {
            do {
                listening.append(try await open(address))
            } catch {
                for other in listening { try? await other.close() }
                let failure = error as? IOError
                throw WorkerError.listen(
                    address,
                    code: failure?.errnoCode ?? 0,
                    reason: failure?.description ?? "\(error)"
                )
            }
        }
        return listening
    }

    private func open(_ address: ListenAddress) async throws -> any Channel {
        let listening = try await ServerBootstrap(group: loops)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // Accept one connection at a time: there is hardly ever a second one waiting, and looking for it costs a
            // system call.
            .serverChannelOption(.maxMessagesPerRead, value: 1)
            // Accept none before `AcceptHandler` is there to take it.
            .serverChannelOption(.autoRead, value: false)
            .bind(host: Self.host(of: address), port: address.port)
            .get()
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

    /// The host to bind to: without IPv6 in the kernel, `::` becomes `0.0.0.0`.
    private static func host(of address: ListenAddress) -> String {
        address.host == "::" && !hasIPv6 ? "0.0.0.0" : address.host
    }

    private static var hasIPv6: Bool {
        let descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        Glibc.close(descriptor)
        return true
    }
}
