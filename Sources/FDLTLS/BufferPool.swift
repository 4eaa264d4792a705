import NIOCore
import Synchronization

/// The large buffers of one event loop, used by all its connections in turn: they stay mapped and hot in the cache,
/// and an idle connection holds none.
final class BufferPool {
    /// The bytes of one buffer: enough for a batch of full records, in ciphertext or plaintext.
    static let bufferSize = 256 * 1024
    private static let limit = 8

    private var buffers: [ByteBuffer] = []
    private let allocator = ByteBufferAllocator()

    /// An empty buffer that nobody else refers to.
    func take() -> ByteBuffer {
        for index in buffers.indices.reversed() where buffers[index].modifyIfUniquelyOwned({ $0.clear() }) != nil {
            return buffers.remove(at: index)
        }
        return allocator.buffer(capacity: Self.bufferSize)
    }

    /// Gives a buffer back. Others may still refer to it: it is taken again once they no longer do.
    func give(_ buffer: consuming ByteBuffer) {
        guard buffer.capacity >= Self.bufferSize, buffer.capacity <= 2 * Self.bufferSize else { return }
        if buffers.count == Self.limit { buffers.removeFirst() }
        buffers.append(buffer)
    }
}

/// The pools of all event loops a context is used on.
final class BufferPools: Sendable {
    private let pools = Mutex<[ObjectIdentifier: NIOLoopBound<BufferPool>]>([:])

    /// The pool of the event loop this is called on.
    func pool(of eventLoop: any EventLoop) -> BufferPool {
        pools.withLock { pools in
            if let bound = pools[ObjectIdentifier(eventLoop)] { return bound }
            // The bound value keeps its event loop alive, so that no other can take over its identity.
            let bound = NIOLoopBound(BufferPool(), eventLoop: eventLoop)
            pools[ObjectIdentifier(eventLoop)] = bound
            return bound
        }.value
    }
}
