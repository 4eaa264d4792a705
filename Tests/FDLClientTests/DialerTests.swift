import FDLCore
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import FDLClient

/// A proxy on a real socket that says what a test wants.
private final class SpokenProxy: Sendable {
    let channel: any Channel
    private let heard = Heard()

    /// All that has come, each byte a character.
    var request: String { heard.text.withLock { $0 } }
    var address: String { "127.0.0.1:\(channel.localAddress?.port ?? 0)" }

    /// - Parameter answers: each is sent when something has come; after the last nothing is.
    init(_ answers: [String], closesAfter: Bool = false) async throws {
        let heard = heard
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Speaker(answers, closesAfter, heard))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    deinit { channel.close(promise: nil) }

    final class Heard: Sendable {
        let text = Mutex("")
    }

    private final class Speaker: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private var answers: ArraySlice<String>
        private let closesAfter: Bool
        private let heard: Heard

        init(_ answers: [String], _ closesAfter: Bool, _ heard: Heard) {
            self.answers = answers[...]
            self.closesAfter = closesAfter
            self.heard = heard
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            let text = bytes.readableBytesView.map { String(Unicode.Scalar($0)) }.joined()
            heard.text.withLock { $0 += text }
            if let answer = answers.popFirst() {
                let raw = answer.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: raw)), promise: nil)
            }
            if answers.isEmpty, closesAfter { context.close(promise: nil) }
        }
    }
}

@Suite("Dialing through proxies") struct DialerTests {
    private static let origin = Origin(host: "a.example", port: 8443)

    /// Dials, and waits for what comes of it.
    /// - Returns: what was in the way; nil for a way through.
    private func dial(
        _ url: String,
        to origin: Origin = origin,
        autoRead: Bool = true,
        timeout: TimeAmount = .seconds(30)
    ) async throws -> ProxyFault.Reason? {
        var dialer = Dialer(
            group: .singletonMultiThreadedEventLoopGroup,
            timeout: timeout,
            configure: { $0.channelOption(.autoRead, value: autoRead) }
        )
        dialer.proxies = ProxySettings(proxy: try Proxy(url))
        let wasActive = Mutex(false)
        do {
            let channel = try await dialer.open(origin) { channel in
                try channel.pipeline.syncOperations.addHandler(Activity { wasActive.withLock { $0 = true } })
            }.get()
            #expect(wasActive.withLock { $0 }, "nobody was told that the channel is active")
            // Nothing of the proxy's is left.
            for name in ["tunnel-requests", "tunnel-answers", "tunnel-watch", "tunnel-socks", "CONNECT"] {
                await #expect(throws: ChannelPipelineError.self) {
                    try await channel.pipeline.containsHandler(name: name).get()
                }
            }
            try await channel.close()
            return nil
        } catch SourceError.proxy(let fault) {
            #expect(fault.proxy == (try Proxy(url)).address)
            return fault.reason
        }
    }

    private final class Activity: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        private let told: @Sendable () -> Void

        init(_ told: @escaping @Sendable () -> Void) { self.told = told }

        func channelActive(context: ChannelHandlerContext) { told() }
    }

    /// As a connection whose handshake is refused at once.
    private final class Closing: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        func channelActive(context: ChannelHandlerContext) { context.close(promise: nil) }
    }

    @Test func `The handler of a connection that has ended already is there to say why`() async throws {
        let listener = try await SpokenProxy([])
        let port = try #require(listener.channel.localAddress?.port)
        let dialer = Dialer(group: .singletonMultiThreadedEventLoopGroup, timeout: .seconds(30))
        let opened = dialer.open(
            Origin(host: "127.0.0.1", port: port),
            making: { channel in
                let handler = Closing()
                try channel.pipeline.syncOperations.addHandler(handler)
                return handler
            }
        )
        let (channel, handler) = try await opened.get()
        try await channel.closeFuture.get()
        try await channel.eventLoop.submit { _ = handler.value }.get()
        await #expect(throws: ChannelPipelineError.self) {
            try await channel.pipeline.containsHandler(type: Closing.self).get()
        }
    }

    @Test(arguments: [true, false])
    func `CONNECT names host and port, and brings the login`(autoRead: Bool) async throws {
        let proxy = try await SpokenProxy(["HTTP/1.1 200 Connection established\r\nVia: 1.1 p\r\n\r\n"])
        #expect(try await dial("http://me:x@\(proxy.address)", autoRead: autoRead) == nil)
        let lines = proxy.request.split(separator: "\r\n").map { $0.lowercased() }
        #expect(lines.first == "connect a.example:8443 http/1.1")
        #expect(lines.contains("host: a.example:8443"))
        #expect(lines.contains("proxy-authorization: basic bwu6ea=="))
        let bare = try await SpokenProxy(["HTTP/1.0 200 OK\r\n\r\n"])
        #expect(try await dial("http://\(bare.address)", to: Origin(host: "::1", port: 443), autoRead: autoRead) == nil)
        #expect(bare.request.hasPrefix("CONNECT [::1]:443 HTTP/1.1\r\n"))
        #expect(!bare.request.lowercased().contains("authorization"))
    }

    @Test(
        arguments: [
            (
                "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 3\r\n\r\nabc",
                ProxyFault.Reason.wantsLogin
            ),
            ("HTTP/1.1 403 No\r\n\r\n", .forbids), ("HTTP/1.1 503 No\r\n\r\n", .cannotReach("it answered 503")),
            ("HTTP/1.1 400 No\r\n\r\n", .answered(400)),
            ("HTTP/1.1 302 No\r\nLocation: https://b/\r\n\r\n", .answered(302)),
            ("HTTP/1.1 101 No\r\n\r\n", .answered(101)),
        ]
    )
    func `No is told as what it is`(answer: String, reason: ProxyFault.Reason) async throws {
        let proxy = try await SpokenProxy([answer])
        #expect(try await dial("http://\(proxy.address)") == reason)
    }

    /// Inside a tunnel the client speaks first: what a proxy adds to its leave comes to nothing.
    @Test(
        arguments: ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 407 No\r\n\r\n", "\0\0garbage", "x"],
        ["", "Content-Length: 1\r\n"]
    )
    func `More than a leave`(more: String, field: String) async throws {
        let proxy = try await SpokenProxy(["HTTP/1.1 200 OK\r\n\(field)\r\n\(more)"])
        let reason = try await dial("http://\(proxy.address)")
        #expect(reason == nil || reason == .closed)
    }

    @Test func `A login that is not taken`() async throws {
        for status in [401, 407] {
            let proxy = try await SpokenProxy(["HTTP/1.1 \(status) No\r\nContent-Length: 0\r\n\r\n"])
            #expect(try await dial("http://me:x@\(proxy.address)") == .refusesLogin)
        }
    }

    @Test(arguments: [
        "SSH-2.0-x\r\n", "\u{15}\u{3}\u{1}\u{0}\u{2}\u{2}\u{46}",
        "HTTP/1.1 200 OK\r\nA: " + String(repeating: "a", count: 70_000),
    ])
    func `Something else listens there`(answer: String) async throws {
        let proxy = try await SpokenProxy([answer])
        guard case .noProxy = try await dial("http://\(proxy.address)") else {
            Issue.record("taken for a proxy")
            return
        }
    }

    @Test(arguments: ["http", "socks5h"])
    func `Nothing there, no word, and no answer`(scheme: String) async throws {
        let nothing = try ReservedPort()
        #expect(try await dial("\(scheme)://127.0.0.1:\(nothing.number)") == .refused)
        let rude = try await SpokenProxy([], closesAfter: true)
        #expect(try await dial("\(scheme)://\(rude.address)") == .closed)
        // Whatever the time is, a proxy that never answers is silent for as long.
        let silent = try await SpokenProxy([])
        #expect(try await dial("\(scheme)://\(silent.address)", timeout: .milliseconds(50)) == .silent)
    }

    @Test(arguments: [true, false])
    func `SOCKS names the host, or its address`(autoRead: Bool) async throws {
        let leave = ["\u{5}\u{0}", "\u{5}\u{0}\u{0}\u{1}\u{7f}\u{0}\u{0}\u{1}\u{1}\u{1}"]
        let proxy = try await SpokenProxy(leave)
        #expect(try await dial("socks5h://\(proxy.address)", autoRead: autoRead) == nil)
        #expect(proxy.request == "\u{5}\u{1}\u{0}\u{5}\u{1}\u{0}\u{3}\u{9}a.example\u{20}\u{fb}")
        let address = try await SpokenProxy(leave)
        let origin = Origin(host: "127.0.0.1", port: 256)
        #expect(try await dial("socks5h://\(address.address)", to: origin, autoRead: autoRead) == nil)
        #expect(address.request == "\u{5}\u{1}\u{0}\u{5}\u{1}\u{0}\u{1}\u{7f}\u{0}\u{0}\u{1}\u{1}\u{0}")
    }

    @Test(
        arguments: [
            (["\u{5}\u{ff}"], ProxyFault.Reason.wantsLoginForSOCKS), (["\u{5}\u{2}"], .wantsLoginForSOCKS),
            (["\u{4}\u{0}"], .noProxy("not SOCKS 5")), (["HTTP/1.1 400 Bad Request\r\n\r\n"], .noProxy("not SOCKS 5")),
            (["\u{5}\u{0}", "\u{5}\u{2}\u{0}\u{1}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}"], .forbids),
            (["\u{5}\u{0}", "\u{5}\u{5}\u{0}\u{1}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}"], .cannotReach("Connection refused")),
            (["\u{5}\u{0}", "\u{5}\u{4}\u{0}\u{1}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}"], .cannotReach("no way to its host")),
            (["\u{5}\u{0}", "\u{5}\u{1}\u{0}\u{1}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}"], .cannotReach("SOCKS reply 1")),
            (["\u{5}\u{0}", "\u{5}\u{0}\u{1}\u{1}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}"], .noProxy("malformed SOCKS")),
        ]
    )
    func `SOCKS's no`(answers: [String], reason: ProxyFault.Reason) async throws {
        let proxy = try await SpokenProxy(answers)
        #expect(try await dial("socks5h://\(proxy.address)") == reason)
    }
}
