import Glibc
import NIOCore
import NIOEmbedded
import NIOPosix
import Testing

@testable import FDLTLS

@Suite("After an event loop has looked at its sockets")
struct NextPollTests {
    private final class Listener: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private(set) var hasHeard = false

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { hasHeard = true }
    }

    /// How often it comes, once something can be read, until that is read; `most` if it is not read before.
    private func turns(most: Int, on loop: any EventLoop) async throws -> Int {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        let (input, output) = (ends[0], ends[1])
        defer { close(output) }
        let listener = NIOLoopBoundBox.makeBoxSendingValue(Listener(), eventLoop: loop)
        let channel = try await NIOPipeBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(listener.value) }
            }
            .takingOwnershipOfDescriptor(input: input).get()
        let count = try await loop.flatSubmit {
            let count = loop.makePromise(of: Int.self)
            let nextPoll = NextPoll()
            func goOn(_ number: Int) {
                if listener.value.hasHeard || number == most { return count.succeed(number) }
                nextPoll.run(on: loop) { goOn(number + 1) }
            }
            // Once more before: the loop may look at its own descriptor first.
            nextPoll.run(on: loop) {
                write(output, "a", 1)
                goOn(0)
            }
            return count.futureResult
        }.get()
        try await channel.close()
        return count
    }

    @Test("what can be read is read before it comes a third time")
    func sockets() async throws {
        #expect(try await turns(most: 1_000, on: MultiThreadedEventLoopGroup.singleton.next()) <= 2)
    }

    @Test("a loop without sockets goes on all the same")
    func withoutSockets() {
        let loop = EmbeddedEventLoop()
        let nextPoll = NextPoll()
        var done: [Int] = []
        nextPoll.run(on: loop) {
            done.append(1)
            nextPoll.run(on: loop) { done.append(2) }
        }
        #expect(done == [])
        for _ in 1...2 { loop.advanceTime(by: .milliseconds(1)) }
        #expect(done == [1, 2])
    }

    @Test("a loop that ends takes it along")
    func ended() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        try await loop.flatSubmit {
            let first = loop.makePromise(of: Void.self)
            let nextPoll = NextPoll()
            nextPoll.run(on: loop) {
                first.succeed()
                func goOn() { nextPoll.run(on: loop, goOn) }
                goOn()
            }
            return first.futureResult
        }.get()
        try await group.shutdownGracefully()
    }
}
