import NIOCore
import NIOEmbedded
import Testing

@testable import FDLServer

@Suite("Open connections")
struct ConnectionsTests {
    private func connections(_ limit: Int) -> Connections {
        let rules = ConnectionRules(WorkerLimits(), connections: limit, proxies: [])
        return Connections(rules, logger: TemporaryRoot.quiet, notices: LimitNotices(logger: TemporaryRoot.quiet))
    }

    private static let here = ClientAddress(bytes: [127, 0, 0, 1])

    @Test func `as many as allowed, and one more when one has gone`() throws {
        let connections = connections(2)
        let channels = (0..<3).map { _ in EmbeddedChannel() }
        func admit(_ channel: EmbeddedChannel) -> Bool {
            let seat = connections.admit(channel, from: Self.here)
            // None of them waits: nothing makes room.
            seat?.note(.answering, now: .now())
            return seat != nil
        }
        #expect(channels.map { admit($0) } == [true, true, false])
        _ = try channels[0].finish()
        #expect(admit(channels[2]))
        for channel in channels[1...] { _ = try channel.finish() }
    }

    @Test func `none once all are to end`() async throws {
        let connections = connections(1)
        await connections.end(within: .seconds(1))
        let channel = EmbeddedChannel()
        #expect(connections.admit(channel, from: Self.here) == nil)
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
        let connections = connections(1)
        let channel = await NIOAsyncTestingChannel(handler: Obedient())
        try await channel.connect(to: SocketAddress(unixDomainSocketPath: "/here"))
        #expect(connections.admit(channel, from: Self.here) != nil)
        async let ended: Void = connections.end(within: .seconds(300))
        while channel.isActive { await channel.testingEventLoop.run() }
        await channel.testingEventLoop.run()
        await ended
        #expect(!channel.isActive)
    }

    @Test func `waiting ends at once where none is open`() async {
        await connections(1).allClosed()
    }
}
