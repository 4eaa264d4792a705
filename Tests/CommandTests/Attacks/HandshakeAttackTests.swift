import NIOCore
import NIOPosix
import TestSupport
import Testing

/// Clients that make a worker calculate, and care for nothing of it.
@Suite("Attack: handshakes that cost")
struct HandshakeAttackTests {
    private let scene: Scene
    private let onlooker: Onlooker

    init() async throws {
        scene = try await Scene()
        let published = try await scene.publish(prose(300_000), chunkSize: 65_536)
        let worker = try await scene.worker(root: published.root)
        onlooker = Onlooker(scene: scene, worker: worker, published: published)
    }

    /// What a client says first that offers these groups: said once by openssl, and kept.
    private func hello(groups: String) async throws -> [UInt8] {
        let heard = SharedMutex<[UInt8]>([])
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.pipeline.addHandler(Ear(heard))
            }
            .bind(host: "127.0.0.1", port: 0).get()
        defer { listener.close(promise: nil) }
        let port = try #require(listener.localAddress?.port)
        let command = ["s_client", "-tls1_3", "-groups", groups, "-connect", "127.0.0.1:\(port)"]
        let client = try scene.start(.system("openssl"), command, by: .stranger)
        let hello = try await client.until("it greets") { () -> [UInt8]? in
            let bytes = heard.withLock { $0 }
            // A record has its length in its head.
            guard bytes.count > 5, bytes.count >= 5 + Int(bytes[3]) << 8 + Int(bytes[4]) else { return nil }
            return bytes
        }
        _ = try await client.kill9()
        return hello
    }

    @Test func `Hellos with an ffdhe8192 share cost next to nothing`() async throws {
        let hello = try await hello(groups: "ffdhe8192")
        // Twice 1 KiB: there is a share in it.
        #expect(hello.count > 1_024)
        let count = 300
        let before = try onlooker.worker.program.processorTime()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await onlooker.fetches("while they come") }
            for _ in 0..<count {
                let attacker = try await RawConnection.open(to: onlooker.worker.port, nil, greeting: hello)
                try await attacker.ended()
            }
            try await group.waitForAll()
        }
        // In hundredths of a second. Had they been answered, it would be 9 for each.
        let spent = try onlooker.worker.program.processorTime() - before
        #expect(spent < count * 3, "\(spent)")
        try await onlooker.fetches("after them")
    }

    @Test func `A flood of hellos that nobody goes on with leaves others their answers`() async throws {
        let hello = try await hello(groups: "X25519")
        let known = try await RawConnection.open(to: onlooker.worker, in: scene, from: Onlooker.address)
        try await known.ready()
        for round in 0..<5 {
            var attackers: [RawConnection] = []
            for _ in 0..<200 {
                attackers.append(try await RawConnection.open(to: onlooker.worker.port, nil, greeting: hello))
            }
            try await known.send("HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await known.answers(round + 1).last == "200 OK")
            try await onlooker.fetches("round \(round)")
            for attacker in attackers { try await attacker.close() }
        }
    }

    private final class Ear: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer

        private let heard: SharedMutex<[UInt8]>

        init(_ heard: SharedMutex<[UInt8]>) { self.heard = heard }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data).readableBytesView
            heard.withLock { $0 += bytes }
        }
    }
}
