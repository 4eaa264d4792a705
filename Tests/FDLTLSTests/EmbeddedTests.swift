import FDLCore
import FDLTLS
import Glibc
import NIOCore
import NIOEmbedded
import Testing
import TestSupport

/// A client and a server with no socket between them: the test carries the bytes.
private struct Wire {
    let client: EmbeddedChannel
    let server: EmbeddedChannel

    init(authority: Authority, identity: Authority.Identity) throws {
        let clientContext = try authority.client()
        let serverContext = try authority.server(identity)
        client = EmbeddedChannel(handler: try TLSHandler(client: clientContext, host: "localhost"))
        server = EmbeddedChannel(handler: try TLSHandler(server: serverContext))
        client.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        server.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 2), promise: nil)
    }

    /// Whether the server has something to say after its handshake has waited for its turn.
    private func serverGoesOn() throws -> Bool {
        for _ in 0..<100 {
            server.embeddedEventLoop.advanceTime(by: .microseconds(20))
            if let more = try server.readOutbound(as: ByteBuffer.self) {
                try client.writeInbound(more)
                return true
            }
        }
        return false
    }

    /// Carries what both have to say, in pieces of at most `size` bytes, until neither says anything more.
    func carry(piecesOf size: Int = .max) throws {
        while true {
            let toServer = try Self.carry(from: client, to: server, size)
            let toClient = try Self.carry(from: server, to: client, size)
            if !toServer, !toClient, try !serverGoesOn() { return }
        }
    }

    private static func carry(from: EmbeddedChannel, to: EmbeddedChannel, _ size: Int) throws -> Bool {
        var carried = false
        while var buffer = try from.readOutbound(as: ByteBuffer.self) {
            carried = true
            while let piece = buffer.readSlice(length: min(size, buffer.readableBytes)), piece.readableBytes > 0 {
                try to.writeInbound(piece)
            }
        }
        return carried
    }

    func finish() {
        _ = try? client.finish(acceptAlreadyClosed: true)
        _ = try? server.finish(acceptAlreadyClosed: true)
    }
}

extension EmbeddedChannel {
    /// All that was received, in one buffer.
    fileprivate func received() throws -> ByteBuffer {
        var result = ByteBuffer()
        while var buffer = try readInbound(as: ByteBuffer.self) { result.writeBuffer(&buffer) }
        return result
    }

    /// The lengths of the TLS records in what would be sent.
    fileprivate func sentRecords() throws -> [Int] {
        var sent = ByteBuffer()
        while var buffer = try readOutbound(as: ByteBuffer.self) { sent.writeBuffer(&buffer) }
        var lengths: [Int] = []
        while sent.readSlice(length: 3) != nil, let length = sent.readInteger(as: UInt16.self) {
            lengths.append(Int(length))
            sent.moveReaderIndex(forwardBy: Int(length))
        }
        return lengths
    }
}

/// Notes the reads that are asked of the channel.
private final class ReadCounter: ChannelOutboundHandler {
    typealias OutboundIn = Never
    var count = 0

    func read(context: ChannelHandlerContext) {
        count += 1
        context.read()
    }
}

/// Notes that the output is closed, where the embedded channel would close altogether.
private final class OutputCloser: ChannelOutboundHandler {
    typealias OutboundIn = Never
    var isClosed = false

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .output else {
            context.close(mode: mode, promise: promise)
            return
        }
        isClosed = true
        promise?.succeed()
    }
}

@Suite("The handler alone", .timeLimit(.minutes(10)))
struct EmbeddedTests {
    /// What a record of TLS 1.3 adds to its plaintext: the type inside and the tag.
    private static let overhead = 17

    private func openWire(piecesOf size: Int = .max) async throws -> Wire {
        let authority = try await Authority()
        let wire = try Wire(authority: authority, identity: try await authority.issue())
        try wire.carry(piecesOf: size)
        return wire
    }

    @Test("Ciphertext may come in any pieces", arguments: [1, 2, 5, 1000, 20_000])
    func pieces(size: Int) async throws {
        let wire = try await openWire(piecesOf: size)
        defer { wire.finish() }
        var generator = SeededGenerator(seed: UInt64(size))
        let data = ByteBuffer(bytes: (0..<100_000).map { _ in UInt8.random(in: 0...255, using: &generator) })
        try wire.client.writeOutbound(data)
        try wire.server.writeOutbound(data)
        try wire.carry(piecesOf: size)
        #expect(try wire.server.received() == data)
        #expect(try wire.client.received() == data)
    }

    @Test("Ciphertext that comes at once is handed on at once, in large buffers")
    func oneRead() async throws {
        let wire = try await openWire()
        defer { wire.finish() }
        try wire.client.writeOutbound(ByteBuffer(repeating: 1, count: 200_000))
        try wire.carry()
        #expect(try wire.server.readInbound(as: ByteBuffer.self)?.readableBytes == 200_000)
    }

    @Test("Small writes share a record, large ones fill theirs")
    func records() async throws {
        let wire = try await openWire()
        defer { wire.finish() }
        wire.server.write(ByteBuffer(repeating: 1, count: 100), promise: nil)
        wire.server.write(ByteBuffer(repeating: 2, count: 20_000), promise: nil)
        wire.server.write(ByteBuffer(), promise: nil)
        wire.server.write(ByteBuffer(repeating: 3, count: 50), promise: nil)
        wire.server.flush()
        #expect(try wire.server.sentRecords() == [16_384 + Self.overhead, 20_150 - 16_384 + Self.overhead])
    }

    @Test("What a channel cannot take is not encrypted before it can")
    func backpressure() async throws {
        let wire = try await openWire()
        defer { wire.finish() }
        wire.server.isWritable = false
        let promise = wire.server.eventLoop.makePromise(of: Void.self)
        let done = NIOLoopBoundBox(false, eventLoop: wire.server.eventLoop)
        promise.futureResult.whenSuccess { done.value = true }
        wire.server.writeAndFlush(ByteBuffer(repeating: 1, count: 1 << 20), promise: promise)
        #expect(try wire.server.readOutbound(as: ByteBuffer.self) == nil)
        #expect(!done.value)
        wire.server.isWritable = true
        wire.server.pipeline.fireChannelWritabilityChanged()
        #expect(done.value)
        let lengths = try wire.server.sentRecords()
        #expect(lengths.reduce(0) { $0 + $1 - Self.overhead } == 1 << 20)
    }

    @Test("What was not flushed is not sent")
    func flushing() async throws {
        let wire = try await openWire()
        defer { wire.finish() }
        wire.client.write(ByteBuffer(string: "one"), promise: nil)
        wire.client.flush()
        wire.client.write(ByteBuffer(string: "two"), promise: nil)
        #expect(try wire.client.sentRecords() == [3 + Self.overhead])
        wire.client.flush()
        #expect(try wire.client.sentRecords() == [3 + Self.overhead])
    }

    @Test("A read that brought no plaintext is followed by another")
    func readsOn() async throws {
        let wire = try await openWire()
        defer { wire.finish() }
        let counter = ReadCounter()
        try wire.server.pipeline.syncOperations.addHandler(counter, position: .first)
        try wire.client.writeOutbound(ByteBuffer(string: "record"))
        var record = try #require(try wire.client.readOutbound(as: ByteBuffer.self))
        let head = record.readSlice(length: 7)
        let before = counter.count
        try wire.server.writeInbound(try #require(head))
        #expect(counter.count == before + 1)
        try wire.server.writeInbound(record)
        #expect(counter.count == before + 1)
        #expect(try wire.server.received() == ByteBuffer(string: "record"))
    }

    @Test("Of a peer that takes nothing no more is read, until it does")
    func readsOnOnceWritable() async throws {
        let wire = try await openWire()
        defer { wire.finish() }
        let counter = ReadCounter()
        try wire.server.pipeline.syncOperations.addHandler(counter, position: .first)
        try wire.client.writeOutbound(ByteBuffer(string: "record"))
        var record = try #require(try wire.client.readOutbound(as: ByteBuffer.self))
        let head = record.readSlice(length: 7)
        wire.server.isWritable = false
        try wire.server.writeInbound(try #require(head))
        #expect(counter.count == 0)
        wire.server.isWritable = true
        wire.server.pipeline.fireChannelWritabilityChanged()
        #expect(counter.count == 1)
        wire.server.pipeline.fireChannelWritabilityChanged()
        #expect(counter.count == 1)
    }

    @Test("A handshake that stalls ends by the event loop's clock")
    func timeout() async throws {
        let authority = try await Authority()
        let context = try authority.server(try await authority.issue())
        let channel = EmbeddedChannel(handler: try TLSHandler(server: context, handshakeTimeout: .seconds(3)))
        try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).get()
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(2999))
        try channel.throwIfErrorCaught()
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(throws: TLSError.handshakeTimeout) { try channel.throwIfErrorCaught() }
        #expect(!channel.isActive)
    }

    @Test("Once done, a handshake's time does not end the connection")
    func noTimeout() async throws {
        let wire = try await openWire()
        defer { wire.finish() }
        wire.server.embeddedEventLoop.advanceTime(by: .hours(1))
        wire.client.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(wire.server.isActive && wire.client.isActive)
    }

    @Test("A peer that reads nothing cannot keep a channel that is being closed")
    func closeTimeout() async throws {
        let wire = try await openWire()
        defer { wire.finish() }
        wire.server.isWritable = false
        wire.server.writeAndFlush(ByteBuffer(repeating: 1, count: 1 << 20), promise: nil)
        wire.server.close(promise: nil)
        #expect(wire.server.isActive)
        wire.server.embeddedEventLoop.advanceTime(by: .seconds(5))
        #expect(!wire.server.isActive)
        // No close_notify: what was cut off must not look whole.
        #expect(try wire.server.sentRecords() == [])
    }

    @Test("A channel that ends while it is being closed has been closed")
    func inactiveWhileClosing() async throws {
        let wire = try await openWire()
        defer { wire.finish() }
        wire.server.isWritable = false
        wire.server.writeAndFlush(ByteBuffer(repeating: 1, count: 1 << 20), promise: nil)
        let promise = wire.server.eventLoop.makePromise(of: Void.self)
        let done = NIOLoopBoundBox(false, eventLoop: wire.server.eventLoop)
        promise.futureResult.whenSuccess { done.value = true }
        wire.server.close(promise: promise)
        #expect(!done.value)
        wire.server.pipeline.fireChannelInactive()
        #expect(done.value)
        try wire.server.throwIfErrorCaught()
    }

    @Test("A server that refuses a client stays a moment, so that the alert is not lost in a reset")
    func lingering() async throws {
        let authority = try await Authority()
        let context = try authority.server(try await authority.issue())
        let closer = OutputCloser()
        let channel = EmbeddedChannel(handlers: [closer, try TLSHandler(server: context)])
        try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).get()
        let emptyHello = ByteBuffer(bytes: [22, 3, 1, 0, 4, 1, 0, 0, 0])
        #expect(throws: TLSError.protocolViolation(reason: "length too short")) { try channel.writeInbound(emptyHello) }
        #expect(try channel.sentRecords() == [2])
        #expect(closer.isClosed)
        // What still comes is thrown away, and whoever wants to close has to wait too.
        try channel.writeInbound(ByteBuffer(string: "more"))
        channel.close(promise: nil)
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }

    @Test("A record that was changed on the way ends the connection")
    func tampering() async throws {
        let wire = try await openWire()
        defer { wire.finish() }
        try wire.client.writeOutbound(ByteBuffer(string: "record"))
        var record = try #require(try wire.client.readOutbound(as: ByteBuffer.self))
        let last = record.writerIndex - 1
        record.setInteger(record.getInteger(at: last, as: UInt8.self).map { $0 ^ 1 } ?? 0, at: last)
        #expect(throws: TLSError.protocolViolation(reason: "decryption failed or bad record mac")) {
            try wire.server.writeInbound(record)
        }
        #expect(try wire.server.received().readableBytes == 0)
        #expect(throws: TLSError.peerAlert(TLSAlert(code: 20))) { try wire.carry() }
    }

    @Test("Nothing is said into a socket that has failed")
    func failedSocket() async throws {
        let wire = try await openWire()
        defer { wire.finish() }
        try wire.carry()
        wire.client.pipeline.fireErrorCaught(IOError(errnoCode: EPIPE, reason: "write"))
        #expect(throws: IOError.self) { try wire.client.throwIfErrorCaught() }
        wire.client.close(promise: nil)
        #expect(try wire.client.readOutbound(as: ByteBuffer.self) == nil)
        #expect(!wire.client.isActive)
    }
}
