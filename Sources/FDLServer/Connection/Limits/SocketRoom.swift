import NIOCore
import NIOPosix

/// How much a socket takes before it is full.
///
/// What is encrypted and not taken by the socket is memory that a slow client holds, so a piece is made as large as the
/// socket has room for it.
enum SocketRoom {
    /// What `SO_MEMINFO` tells, in bytes: see sk_get_meminfo in the kernel's net/core/sock.c.
    private struct Memory: Sendable {
        var receiveAllocated: UInt32 = 0
        var receiveBuffer: UInt32 = 0
        var sendAllocated: UInt32 = 0
        var sendBuffer: UInt32 = 0
        var forwarded: UInt32 = 0
        var sendQueued: UInt32 = 0
        var options: UInt32 = 0
        var backlog: UInt32 = 0
        var drops: UInt32 = 0
    }

    private static let option = NIOBSDSocket.Option(rawValue: 55)

    /// In bytes; nil where it cannot be told. To be called on the channel's event loop.
    static func of(_ channel: any Channel) -> Int? {
        guard let provider = channel as? any SocketOptionProvider else { return nil }
        let told: EventLoopFuture<Memory> = provider.unsafeGetSocketOption(level: .socket, name: option)
        var room: Int?
        // On the loop it is told at once.
        told.assumeIsolated().whenSuccess { memory in room = Int(memory.sendBuffer) - Int(memory.sendQueued) }
        return room.map { max(0, $0) }
    }
}
