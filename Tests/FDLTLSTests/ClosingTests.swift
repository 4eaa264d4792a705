import FDLCore
import FDLTLS
import NIOCore
import Testing

@Suite("How connections end", .timeLimit(.minutes(10)))
struct ClosingTests {
    /// A connected pair, both behind their handshakes.
    private func pair(halfClosure: Bool) async throws -> (there: Peer, here: Peer, listener: Listener) {
        let authority = try await Authority()
        let server = try authority.server(try await authority.issue())
        let listener = try await Listener(context: server, halfClosure: halfClosure)
        let there = try await Peer.connect(
            to: listener.port,
            context: try authority.client(),
            halfClosure: halfClosure
        )
        let here = try await listener.accept()
        _ = try #require(await there.handshake())
        _ = try #require(await here.handshake())
        return (there, here, listener)
    }

    @Test("An end without close_notify is an error behind the data that came", arguments: [false, true])
    func truncation(halfClosure: Bool) async throws {
        let (there, here, _) = try await pair(halfClosure: halfClosure)
        try await here.send("half of it")
        #expect(await there.bytes(10) == ByteBuffer(string: "half of it"))
        try await here.cut()
        #expect(await there.rest().map(\.description) == ["error \(TLSError.truncated)", "inactive"])
    }

    @Test("close_notify is a clean end: the channel closes where half closure is off")
    func cleanEnd() async throws {
        let (there, here, _) = try await pair(halfClosure: false)
        try await here.send("all of it")
        try await here.close()
        #expect(await there.rest().map(\.description) == ["bytes 9", "inactive"])
    }

    @Test("close_notify is a clean end: input closes where half closure is on, and output goes on")
    func halfClose() async throws {
        let (there, here, _) = try await pair(halfClosure: true)
        // Not flushed: closing the output takes it along.
        here.channel.write(ByteBuffer(string: "all of it"), promise: nil)
        try await here.close(.output)
        #expect(await there.bytes(9) == ByteBuffer(string: "all of it"))
        #expect(await there.next()?.description == "inputClosed")
        try await there.send("still here")
        #expect(await here.bytes(10) == ByteBuffer(string: "still here"))
        try await there.close(.output)
        #expect(await here.next()?.description == "inputClosed")
        try await here.close()
        #expect(await there.rest().map(\.description) == ["inactive"])
        #expect(await here.rest().map(\.description) == ["inactive"])
    }

    @Test("After its output is closed a channel takes no more writes")
    func writeAfterClose() async throws {
        let (there, here, _) = try await pair(halfClosure: true)
        try await here.close(.output)
        await #expect(throws: ChannelError.outputClosed) { try await here.send("too late") }
        await #expect(throws: ChannelError.outputClosed) { try await here.close(.output) }
        try await there.close()
        try await here.close()
    }

    @Test("Closing the output before the handshake is done still sends what was written")
    func closeOutputEarly() async throws {
        let authority = try await Authority()
        let listener = try await Listener(context: try authority.server(try await authority.issue()))
        let there = try await Peer.connect(to: listener.port, context: try authority.client(), halfClosure: true)
        there.channel.write(ByteBuffer(string: "only this"), promise: nil)
        let closed = there.beginClosing(.output)
        let here = try await listener.accept()
        _ = try #require(await here.handshake())
        #expect(await here.bytes(9) == ByteBuffer(string: "only this"))
        #expect(await here.next()?.description == "inputClosed")
        try await closed.get()
        try await there.close()
    }

    @Test("A large answer arrives whole though the channel is closed right behind it")
    func closeBehindLargeWrite() async throws {
        let (there, here, _) = try await pair(halfClosure: false)
        let size = 32 << 20
        here.channel.writeAndFlush(ByteBuffer(repeating: 7, count: size), promise: nil)
        let closed = here.beginClosing()
        var received = 0
        var ends: [String] = []
        while let seen = await there.next() {
            if case .bytes(let buffer) = seen { received += buffer.readableBytes } else { ends.append("\(seen)") }
        }
        #expect(received == size)
        #expect(ends == ["inactive"])
        try await closed.get()
    }

    @Test("Closing before the handshake fails what was written")
    func closeEarly() async throws {
        let silent = try await Listener(context: nil)
        let authority = try await Authority()
        let there = try await Peer.connect(to: silent.port, context: try authority.client())
        let promise = there.channel.eventLoop.makePromise(of: Void.self)
        there.channel.writeAndFlush(ByteBuffer(string: "lost"), promise: promise)
        try await there.close()
        await #expect(throws: ChannelError.ioOnClosedChannel) { try await promise.futureResult.get() }
    }

    @Test("A server that goes away during the handshake")
    func closedDuringHandshake() async throws {
        let silent = try await Listener(context: nil)
        let authority = try await Authority()
        let there = try await Peer.connect(to: silent.port, context: try authority.client())
        // Its output alone: with the client's hello unread, closing all of it would be a reset.
        let here = try await silent.accept()
        try await here.channel.close(mode: .output).get()
        #expect(await there.error() == .closedDuringHandshake)
        try await here.close()
    }
}
