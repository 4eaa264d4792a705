import FDLCore
import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOPosix
import Testing

@testable import FDLServer
@testable import FDLTLS

@Suite("Answering on a connection")
struct ExchangeHandlerTests {
    /// A connection without its TLS, on a loop that the test turns.
    private final class Connection {
        let channel: EmbeddedChannel

        init(_ root: TemporaryRoot, limits: WorkerLimits = WorkerLimits()) throws {
            let exchange = ExchangeHandler(
                services: ConnectionServices(
                    responder: try root.responder(),
                    compression: CompressionDesk(
                        cache: CompressedChunks(capacity: 0),
                        threads: NIOThreadPool(numberOfThreads: 1),
                        notices: LimitNotices(logger: TemporaryRoot.quiet)
                    ),
                    limits: limits,
                    readers: NIOThreadPool(numberOfThreads: 1),
                    logger: TemporaryRoot.quiet,
                    notices: LimitNotices(logger: TemporaryRoot.quiet)
                )
            )
            channel = EmbeddedChannel(handlers: [
                ArrivalHandler(telling: exchange),
                ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)),
                exchange,
            ])
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            channel.pipeline.fireUserInboundEventTriggered(
                TLSHandshakeCompleted(version: .tls13, cipher: "", resumed: false, peerPin: nil)
            )
        }

        func send(_ text: String) throws {
            _ = try channel.writeInbound(ByteBuffer(string: text))
            channel.embeddedEventLoop.run()
        }

        /// Time for so many turns of connections that have more to send.
        func takeTurns(_ count: Int) {
            for _ in 0..<count { channel.embeddedEventLoop.advanceTime(by: .microseconds(10)) }
        }

        /// All that came out so far.
        func bytes() throws -> [UInt8] {
            var all: [UInt8] = []
            while let next = try channel.readOutbound(as: ByteBuffer.self) { all += next.readableBytesView }
            return all
        }

        func received() throws -> String { String(decoding: try bytes(), as: UTF8.self) }

        func statuses() throws -> [String] {
            try received().split(separator: "\r\n").filter { $0.hasPrefix("HTTP/1.1 ") }.map { String($0.dropFirst(9)) }
        }

        deinit { _ = try? channel.finish(acceptAlreadyClosed: true) }
    }

    /// Holds back what is written, as a full socket does.
    private final class SlowPeer: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer

        private var held: [(NIOAny, EventLoopPromise<Void>?)] = []
        private var context: ChannelHandlerContext?

        func handlerAdded(context: ChannelHandlerContext) { self.context = context }

        func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            held.append((data, promise))
        }

        func takeAll() {
            for (data, promise) in held { context?.write(data, promise: promise) }
            held = []
            context?.flush()
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

    private static func get(_ path: String, _ more: String = "") -> String {
        "GET \(path) HTTP/1.1\r\nHost: a\r\n\(more)\r\n"
    }

    @Test func `pipelined requests are answered in order`() throws {
        let root = try TemporaryRoot()
        try root.write("a", [UInt8]("AAAA".utf8))
        try root.write("b", [UInt8]("BBBB".utf8))
        let connection = try Connection(root)
        try connection.send(Self.get("/files/a") + Self.get("/files/none") + Self.get("/files/b"))
        let text = try connection.received()
        let bodies = text.split(separator: "\r\n\r\n").dropFirst().map { $0.prefix(4) }
        #expect(bodies == ["AAAA", "404 ", "BBBB"])
        #expect(!text.contains("Connection: close"))
        #expect(connection.channel.isActive)
    }

    @Test func `a body larger than many pieces comes whole`() throws {
        let root = try TemporaryRoot()
        let bytes = root.noise(3_000_001)
        try root.write("a", bytes)
        let connection = try Connection(root)
        try connection.send(Self.get("/files/a"))
        connection.takeTurns(10)
        #expect(try connection.bytes().suffix(bytes.count) == bytes[...])
    }

    @Test func `HEAD has the header of GET and no body`() throws {
        let root = try TemporaryRoot()
        try root.write("a", [UInt8]("AAAA".utf8))
        let connection = try Connection(root)
        try connection.send("HEAD /files/a HTTP/1.1\r\nHost: a\r\n\r\n")
        let text = try connection.received()
        #expect(text.contains("Content-Length: 4\r\n"))
        #expect(text.hasSuffix("\r\n\r\n"))
    }

    @Test func `a request line or a header that is too long is refused and ends the connection`() throws {
        let root = try TemporaryRoot()
        for (request, status) in [
            (Self.get("/" + String(repeating: "x", count: 8 << 10)), "414 URI Too Long"),
            (
                Self.get("/", String(repeating: "X-Long: \(String(repeating: "x", count: 1000))\r\n", count: 40)),
                "431 Request Header Fields Too Large"
            ),
            ("NONSENSE\r\n\r\n", "501 Not Implemented"),
            ("GET / HTTP/1.1\r\n\r\n", "400 Bad Request"),
        ] {
            let connection = try Connection(root)
            try connection.send(request)
            let text = try connection.received()
            #expect(text.hasPrefix("HTTP/1.1 \(status)\r\n"), "\(text.prefix(100))")
        }
    }

    @Test(arguments: [
        "GET /healthz HTTP/1.0\r\n\r\n", "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
        "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
    ])
    func `these requests are the last`(request: String) throws {
        let connection = try Connection(TemporaryRoot())
        try connection.send(request + Self.get("/files/never"))
        let text = try connection.received()
        #expect(text.contains("Connection: close\r\n"))
        #expect(!text.contains("404"))
    }

    @Test func `draining closes an idle connection at once and a busy one after its answers`() throws {
        let root = try TemporaryRoot()
        let idle = try Connection(root)
        idle.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        #expect(!idle.channel.isActive)

        try root.write("a", root.noise(2 << 20))
        let busy = try Connection(root)
        _ = try busy.channel.writeInbound(ByteBuffer(string: Self.get("/files/a") + Self.get("/healthz")))
        busy.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        #expect(busy.channel.isActive)
        busy.takeTurns(10)
        let all = try busy.bytes()
        #expect(all.count > 2 << 20)
        #expect(all.suffix(8) == [UInt8]("serving\n".utf8)[...])
        #expect(!busy.channel.isActive)
    }

    @Test func `draining waits until the peer has taken the answer`() throws {
        let connection = try Connection(TemporaryRoot())
        let slow = SlowPeer()
        try connection.channel.pipeline.syncOperations.addHandler(slow, position: .first)
        try connection.send(Self.get("/healthz"))
        connection.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        #expect(connection.channel.isActive)
        slow.takeAll()
        #expect(!connection.channel.isActive)
        #expect(try connection.statuses() == ["200 OK"])
    }

    @Test func `a file cut short ends the connection, not the worker`() throws {
        let root = try TemporaryRoot()
        try root.write("a", root.noise(4 << 20))
        let connection = try Connection(root)
        // The first turn sends 1 MiB; then the file shrinks.
        _ = try connection.channel.writeInbound(ByteBuffer(string: Self.get("/files/a")))
        try root.truncate("a", to: 1000)
        connection.takeTurns(10)
        #expect(!connection.channel.isActive)
        let again = try Connection(root)
        try again.send(Self.get("/files/a"))
        #expect(try again.statuses() == ["200 OK"])
    }

    @Test func `nothing is read while the peer takes nothing`() throws {
        let connection = try Connection(TemporaryRoot())
        let counter = ReadCounter()
        try connection.channel.pipeline.syncOperations.addHandler(counter, position: .first)
        connection.channel.isWritable = false
        connection.channel.read()
        #expect(counter.count == 0)
        connection.channel.isWritable = true
        connection.channel.pipeline.fireChannelWritabilityChanged()
        #expect(counter.count == 1)
    }

    @Test func `nothing is read while many requests wait, though an answer has left`() throws {
        let root = try TemporaryRoot()
        try root.write("a", root.noise(4 << 20))
        let connection = try Connection(root)
        let (counter, slow) = (ReadCounter(), SlowPeer())
        try connection.channel.pipeline.syncOperations.addHandlers([counter, slow], position: .first)
        let many = Self.get("/healthz") + Self.get("/files/a") + String(repeating: Self.get("/healthz"), count: 100)
        _ = try connection.channel.writeInbound(ByteBuffer(string: many))
        connection.channel.read()
        slow.takeAll()
        #expect(counter.count == 0)
        connection.takeTurns(20)
        #expect(counter.count == 1)
        slow.takeAll()
    }

    @Test func `answers without a body have their turns too`() throws {
        let root = try TemporaryRoot()
        try root.write("a", [UInt8](repeating: 0x61, count: 1 << 20) + [UInt8]("\r\n".utf8))
        let connection = try Connection(root)
        let many = String(repeating: "HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n", count: 3000)
        _ = try connection.channel.writeInbound(ByteBuffer(string: Self.get("/files/a") + many))
        // The turn that ends the file, and before the one that follows it.
        connection.takeTurns(1)
        let seen = try connection.statuses().count
        #expect((1..<3000).contains(seen))
        connection.takeTurns(20)
        #expect(try connection.statuses().count == 3001 - seen)
    }

    @Test func `reading stops while many requests wait`() throws {
        let root = try TemporaryRoot()
        try root.write("a", root.noise(4 << 20))
        let connection = try Connection(root)
        let many = Self.get("/files/a") + String(repeating: Self.get("/healthz"), count: 100)
        _ = try connection.channel.writeInbound(ByteBuffer(string: many))
        connection.takeTurns(20)
        let text = String(decoding: try connection.bytes(), as: UTF8.self)
        #expect(text.ranges(of: "serving\n").count == 100)
    }
}
