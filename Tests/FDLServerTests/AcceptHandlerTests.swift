import Glibc
import NIOCore
import NIOPosix
import Testing

@testable import FDLServer

@Suite("Accepting connections")
struct AcceptHandlerTests {
    /// A listening channel on a port of its own.
    private func listen(pause: TimeAmount) async throws -> any Channel {
        let listening = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.autoRead, value: false)
            .bind(host: "127.0.0.1", port: 0)
            .get()
        try await AcceptHandler.open(at: listening, logger: TemporaryRoot.quiet, pause: pause) { channel in
            channel.close(promise: nil)
        }
        .get()
        return listening
    }

    @Test(arguments: [EMFILE, ENFILE, ENOBUFS, ENOMEM])
    func `stops while the system has no room for a connection`(code: Int32) async throws {
        let listening = try await listen(pause: .hours(1))
        #expect(try await listening.getOption(.autoRead).get())
        listening.pipeline.fireErrorCaught(IOError(errnoCode: code, reason: "accept"))
        #expect(try await !listening.getOption(.autoRead).get())
        #expect(listening.isActive)
        try await listening.close()
    }

    @Test func `goes on after that`() async throws {
        let listening = try await listen(pause: .milliseconds(1))
        listening.pipeline.fireErrorCaught(IOError(errnoCode: EMFILE, reason: "accept"))
        while try await !listening.getOption(.autoRead).get() { try await Task.sleep(for: .milliseconds(1)) }
        let port = try #require(listening.localAddress?.port)
        let client = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port).get()
        // Whoever set it up closed it.
        try await client.closeFuture.get()
        try await listening.close()
    }
}
