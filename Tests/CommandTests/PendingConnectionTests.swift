import NIOCore
import NIOPosix
import TestSupport
import Testing

@Suite("Sources that never finish their handshake")
struct PendingConnectionTests {
    @Test func `The download ends without them, and says nothing but its own lines`() async throws {
        let scene = try await Scene()
        let published = try await scene.publish(noise(1_000_000), chunkSize: 65_536)
        let worker = try await scene.worker(root: published.root)
        var mute: [any Channel] = []
        for _ in 0..<4 {
            let bootstrap = ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            mute.append(try await bootstrap.bind(host: "127.0.0.1", port: 0).get())
        }
        let urls = mute.compactMap { $0.localAddress?.port }.map { "https://127.0.0.1:\($0)/" }
        // What is left of a connection when the others are done is a matter of luck.
        for round in 0..<20 {
            let result = try await scene.get(published.manifest, to: scene.path("\(round)"), from: urls + [worker.url])
            _ = try result.done()
            #expect(result.ended.errors == "", "round \(round)")
        }
        for channel in mute { try await channel.close() }
    }
}
