import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import FDLServer

@Suite("Turns of connections that have more to send")
struct SendingTurnsTests {
    /// Tells of a connection at once.
    private final class Greeter: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        func channelActive(context: ChannelHandlerContext) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "a")), promise: nil)
        }
    }

    private final class Listener: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer

        private let heard: EventLoopPromise<Void>

        init(_ heard: EventLoopPromise<Void>) { self.heard = heard }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { heard.succeed() }
    }

    private final class More: Sendable {
        let isThere = Atomic(true)
    }

    @Test("one that always has more leaves the loop's other sockets their turn", .timeLimit(.minutes(2)))
    func others() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let server = try await ServerBootstrap(group: group)
            .childChannelInitializer { $0.pipeline.addHandler(Greeter()) }
            .bind(host: "127.0.0.1", port: 0).get()
        let more = More()
        try await loop.submit {
            let turns = SendingTurns()
            func goOn() { if more.isThere.load(ordering: .relaxed) { turns.take(on: loop, goOn) } }
            goOn()
        }.get()
        let heard = MultiThreadedEventLoopGroup.singleton.next().makePromise(of: Void.self)
        let client = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelInitializer { $0.pipeline.addHandler(Listener(heard)) }
            .connect(to: try #require(server.localAddress)).get()
        try await heard.futureResult.get()
        more.isThere.store(false, ordering: .relaxed)
        try await client.close()
        try await group.shutdownGracefully()
    }

    @Test("the first to come goes on first, and each once before any goes on again")
    func order() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let all = loop.makePromise(of: [Int].self)
        try await loop.submit {
            let turns = SendingTurns()
            var went: [Int] = []
            func goOn(_ number: Int) {
                went.append(number)
                if went.count == 9 { all.succeed(went) }
                if went.count <= 6 { turns.take(on: loop) { goOn(number) } }
            }
            for number in 1...3 { turns.take(on: loop) { goOn(number) } }
        }.get()
        #expect(try await all.futureResult.get() == [1, 2, 3, 1, 2, 3, 1, 2, 3])
    }
}
