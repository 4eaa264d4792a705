import NIOEmbedded
import Testing

@testable import FDLServer

@Suite("Open connections")
struct ConnectionsTests {
    @Test func `as many as allowed, and one more when one has gone`() throws {
        let connections = Connections(limit: 2, logger: TemporaryRoot.quiet)
        let channels = (0..<3).map { _ in EmbeddedChannel() }
        #expect(channels.map { connections.admit($0) } == [true, true, false])
        _ = try channels[0].finish()
        #expect(connections.admit(channels[2]))
        for channel in channels[1...] { _ = try channel.finish() }
    }

    @Test func `waiting ends at once where none is open`() async {
        await Connections(limit: 1, logger: TemporaryRoot.quiet).allClosed()
    }
}
