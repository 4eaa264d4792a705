import FDLTLS
import NIOCore
import Testing
import TestSupport

@Suite("Large transfers", .timeLimit(.minutes(10)))
struct TransferTests {
    private static let size = 64 << 20

    /// 64 MiB that do not repeat within a record.
    private static let original: ByteBuffer = {
        var generator = SeededGenerator(seed: 64)
        var buffer = ByteBufferAllocator().buffer(capacity: size)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { bytes in
            bytes.withMemoryRebound(to: UInt64.self) { words in
                for index in 0..<(size / 8) { words[index] = generator.next() }
            }
            return size
        }
        return buffer
    }()

    @Test("64 MiB both ways at once, in pieces of any size, arrive as they were sent")
    func bothWays() async throws {
        let authority = try await Authority()
        let listener = try await Listener(context: try authority.server(try await authority.issue()))
        let there = try await Peer.connect(to: listener.port, context: try authority.client(), halfClosure: true)
        let here = try await listener.accept()
        _ = try #require(await there.handshake())
        let sending = [(there.channel, UInt64(1)), (here.channel, 2)].map { channel, seed in
            Task { try await Self.send(on: channel, seed: seed) }
        }
        #expect(await Self.receivesOriginal(here))
        #expect(await Self.receivesOriginal(there))
        for task in sending { try await task.value }
        try await there.close()
        try await here.close()
    }

    /// Writes the original in pieces of 0 to 300 KiB, flushing one in two, then closes the output.
    private static func send(on channel: any Channel, seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        var rest = original
        while rest.readableBytes > 0 {
            let scale = Int.random(in: 0...18, using: &generator)
            let count = min(rest.readableBytes, Int.random(in: 0...(1 << scale) + 40_000, using: &generator))
            guard let piece = rest.readSlice(length: count) else { break }
            if Bool.random(using: &generator) {
                try await channel.writeAndFlush(piece).get()
            } else {
                channel.write(piece, promise: nil)
            }
        }
        try await channel.close(mode: .output).get()
    }

    private static func receivesOriginal(_ peer: Peer) async -> Bool {
        var expected = original
        while let seen = await peer.next() {
            switch seen {
            case .bytes(let buffer):
                guard expected.readSlice(length: buffer.readableBytes) == buffer else { return false }
            case .inputClosed: return expected.readableBytes == 0
            case .handshake: continue
            case .error, .inactive: return false
            }
        }
        return false
    }
}
