import NIOCore
import NIOEmbedded
import Testing

@testable import FDLServer

@Suite("Open connections")
struct ConnectionsTests {
    @Test func `as many as allowed, and one more when one has gone`() throws {
        let connections = Connections(limit: 2, logger: TemporaryRoot.quiet)
        let channels = (0..<3).map { _ in EmbeddedChannel() }
        #expect(channels.map { connections.admit($0) } == [true, true, false])
        _ = try channels[0].finish()
        #expect(connections.admit(channels[2]))
        for channel in channels[1...] { _ = try channel.finish() }
    }

    @Test func `none once all are to end`() async throws {
        let connections = Connections(limit: 1, logger: TemporaryRoot.quiet)
        await connections.end()
        let channel = EmbeddedChannel()
        #expect(!connections.admit(channel))
        _ = try channel.finish()
    }

    /// Closes its channel when it is told to come to an end.
    private final class Obedient: ChannelInboundHandler, Sendable {
        typealias InboundIn = Any

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if event is ChannelShouldQuiesceEvent { context.close(promise: nil) }
        }
    }

    @Test func `the end is when the open ones, told of it, have closed`() async throws {
        let connections = Connections(limit: 1, logger: TemporaryRoot.quiet)
        let channel = await NIOAsyncTestingChannel(handler: Obedient())
        try await channel.connect(to: SocketAddress(unixDomainSocketPath: "/here"))
        #expect(connections.admit(channel))
        async let ended: Void = connections.end()
        while channel.isActive { await channel.testingEventLoop.run() }
        await channel.testingEventLoop.run()
        await ended
        #expect(!channel.isActive)
    }

    @Test func `waiting ends at once where none is open`() async {
        await Connections(limit: 1, logger: TemporaryRoot.quiet).allClosed()
    }
}
