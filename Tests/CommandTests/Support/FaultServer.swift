import FDLTLS
import Glibc
import NIOCore
import NIOPosix
import Synchronization
import TestSupport

/// An HTTPS server that does what a script says, however wrong, and keeps count of who came.
///
/// The script runs once for each request of a connection, in order. What it sends goes out as it is: heads, bodies and
/// endings are its own affair.
final class FaultServer: Sendable {
    typealias Script = @Sendable (_ request: Request, _ reply: Reply) async throws -> Void

    /// A request's head; nothing here sends bodies.
    struct Request: Sendable {
        let method: String
        let target: String
        /// By lowercase name.
        let headers: [String: String]
    }

    private struct Seen {
        var connections = 0
        var requests: [Request] = []
        var answers = 0
    }

    let port: Int
    var url: String { "https://127.0.0.1:\(port)/" }
    /// How many TCP connections were accepted.
    var connections: Int { seen.withLock { $0.connections } }
    /// All requests that were read, in order of arrival.
    var requests: [Request] { seen.withLock { $0.requests } }
    /// To how many requests the script has said all that it has to say, or can: the client may have hung up.
    var answers: Int { seen.withLock { $0.answers } }

    private let seen: SharedMutex<Seen>
    private let listener: any Channel
    /// One a connection; nil once nobody is served any more.
    private let serving: SharedMutex<[Task<Void, Never>]?>

    private init(
        port: Int,
        listener: any Channel,
        seen: SharedMutex<Seen>,
        serving: SharedMutex<[Task<Void, Never>]?>
    ) {
        self.port = port
        self.listener = listener
        self.seen = seen
        self.serving = serving
    }

    deinit {
        listener.close(promise: nil)
        let tasks = serving.withLock { tasks in
            defer { tasks = nil }
            return tasks
        }
        for task in tasks ?? [] { task.cancel() }
    }

    /// Listens on a port of the system's choice.
    static func start(certificate: String, _ script: @escaping Script) async throws -> FaultServer {
        let seen = SharedMutex(Seen())
        let context = try TLSContext.server(TLSServerConfiguration(certificateChainPath: certificate))
        let serving = SharedMutex<[Task<Void, Never>]?>([])
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                seen.withLock { $0.connections += 1 }
                return channel.eventLoop.makeCompletedFuture {
                    let cut = Cut(channel)
                    try channel.pipeline.syncOperations.addHandlers([CutHandler(), TLSHandler(server: context)])
                    let connection = try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    // Begun here, since what is wrapped and never served ends the process. A client that hangs up, or
                    // never speaks TLS, ends its connection and nothing else.
                    let task = Task { _ = try? await serve(connection, cut: cut, seen: seen, script: script) }
                    let isOver = serving.withLock { tasks in
                        tasks?.append(task)
                        return tasks == nil
                    }
                    if isOver { task.cancel() }
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        guard let port = listener.localAddress?.port else { throw HarnessError("no port") }
        return FaultServer(port: port, listener: listener, seen: seen, serving: serving)
    }

    private static func serve(
        _ connection: NIOAsyncChannel<ByteBuffer, ByteBuffer>,
        cut: Cut,
        seen: SharedMutex<Seen>,
        script: @escaping Script
    ) async throws {
        try await connection.executeThenClose { inbound, outbound in
            var unread: [UInt8] = []
            for try await buffer in inbound {
                unread += buffer.readableBytesView
                while let (request, rest) = Request.first(in: unread) {
                    unread = rest
                    seen.withLock { $0.requests.append(request) }
                    let reply = Reply(outbound, cut: cut)
                    defer { seen.withLock { $0.answers += 1 } }
                    try await script(request, reply)
                    if reply.isOver { return }
                }
            }
        }
    }
}

extension FaultServer.Request {
    /// The value of a header; names in lowercase.
    subscript(name: String) -> String? { headers[name] }

    /// The first whole head in `bytes`, and what follows it.
    static func first(in bytes: [UInt8]) -> (Self, rest: [UInt8])? {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let start = lines.first?.split(separator: " ") ?? []
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard let name = parts.first, let value = parts.dropFirst().first else { continue }
            headers[name.lowercased()] = String(value.drop { $0 == " " })
        }
        let request = Self(
            method: start.first.map(String.init) ?? "",
            target: start.dropFirst().first.map(String.init) ?? "",
            headers: headers
        )
        return (request, Array(bytes[end.upperBound...]))
    }

    /// The first and last byte that `Range` asks for.
    var range: ClosedRange<Int>? {
        guard let value = headers["range"], value.hasPrefix("bytes=") else { return nil }
        let ends = value.dropFirst("bytes=".count).split(separator: "-").compactMap { Int($0) }
        return ends.count == 2 && ends[0] <= ends[1] ? ends[0]...ends[1] : nil
    }
}

extension FaultServer {
    /// What a script answers with.
    final class Reply: Sendable {
        private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
        private let cut: Cut
        private let over = Mutex(false)

        fileprivate init(_ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>, cut: Cut) {
            self.outbound = outbound
            self.cut = cut
        }

        fileprivate var isOver: Bool { over.withLock { $0 } }

        func send(_ bytes: [UInt8]) async throws {
            try await outbound.write(ByteBuffer(bytes: bytes))
        }

        func send(_ text: String) async throws {
            try await send(Array(text.utf8))
        }

        /// A whole answer as it should be.
        func send(status: String, headers: [String] = [], body: [UInt8]) async throws {
            let head = ["HTTP/1.1 \(status)", "Content-Length: \(body.count)"] + headers
            try await send(Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body)
        }

        /// Ends the connection as TLS wants it, with close_notify.
        func close() {
            over.withLock { $0 = true }
        }

        /// Ends the connection below TLS: the client sees the end of the stream and no close_notify.
        func cutOff() async throws {
            over.withLock { $0 = true }
            try await cut.now()
        }

        /// Says nothing more until the client goes.
        func fallSilent() async throws {
            try await Task.sleep(for: .seconds(3_600))
        }
    }

    /// Closes a connection from below TLS.
    fileprivate struct Cut: Sendable {
        private let channel: any Channel

        init(_ channel: any Channel) {
            self.channel = channel
        }

        func now() async throws {
            try await channel.eventLoop.submit {
                try channel.pipeline.syncOperations.context(handlerType: CutHandler.self).close(
                    mode: .all,
                    promise: nil
                )
            }.get()
        }
    }

    /// Marks the place below TLS in the pipeline: closing from here passes TLS by.
    private final class CutHandler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
    }
}

/// A mutex that several owners share.
final class SharedMutex<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>

    init(_ value: Value) {
        mutex = Mutex(value)
    }

    func withLock<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
        mutex.withLock { value in body(&value) }
    }
}
