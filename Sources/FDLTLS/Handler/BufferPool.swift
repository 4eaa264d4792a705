import NIOCore

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
