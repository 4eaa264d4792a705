import NIOCore
import NIOPosix

/// How much a socket takes before it is full.
///
/// What is encrypted and not taken by the socket is memory that a slow client holds, so a piece is made as large as the
/// socket has room for it.
///
/// To ask the kernel before each piece would cost more than the rest of what decides about it. What it said last is good
/// for as many bytes as surely fit: the room only grows by itself.
struct SocketRoom {
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

    private let provider: (any SocketOptionProvider)?
    /// In bytes: at least so much fits.
    private var known = 0

    /// Nothing is known of a channel's socket yet.
    init(of channel: any Channel) { provider = channel as? any SocketOptionProvider }

    /// How much fits, if that is less than what is wanted; nil if that fits, or it cannot be told. To be called on the
    /// channel's event loop.
    mutating func shortage(for wanted: Int) -> Int? {
        if wanted <= known { return nil }
        guard let room = ask() else { return nil }
        known = room
        return room < wanted ? room : nil
    }

    /// So many bytes go into the socket. What they take of its memory there is less than twice as much.
    mutating func fill(_ bytes: Int) { known = max(0, known - 2 * bytes) }

    private func ask() -> Int? {
        guard let provider else { return nil }
        let told: EventLoopFuture<Memory> = provider.unsafeGetSocketOption(level: .socket, name: Self.option)
        var room: Int?
        // On the loop it is told at once.
        told.assumeIsolated().whenSuccess { memory in room = Int(memory.sendBuffer) - Int(memory.sendQueued) }
        return room.map { max(0, $0) }
    }
}
