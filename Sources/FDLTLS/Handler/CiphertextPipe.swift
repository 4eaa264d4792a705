import COpenSSL
import NIOCore

/// The BIO through which an `SSL` reads and writes ciphertext: reads come straight out of the ByteBuffer the channel
/// delivered, writes go straight into the ByteBuffer the channel will send. Confined to its connection's event loop.
final class CiphertextPipe {
    /// Ciphertext not yet read by OpenSSL.
    var incoming = ByteBuffer()
    /// Ciphertext not yet given to the channel.
    private(set) var outgoing = ByteBuffer()
    /// Where outgoing buffers come from; set once the event loop is known.
    var pool: BufferPool?

    /// Takes all ciphertext there is to send.
    func takeOutgoing() -> ByteBuffer {
        let taken = outgoing
        outgoing = ByteBuffer()
        return taken
    }

    /// A BIO over this pipe; the pipe has to outlive it. Nil if OpenSSL is out of memory.
    func makeBIO() -> OpaquePointer? {
        guard let method = Self.method.pointer, let bio = BIO_new(method) else { return nil }
        BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
        BIO_set_init(bio, 1)
        return bio
    }

    private func read(into out: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(out.count, incoming.readableBytes)
        guard count > 0 else { return 0 }
        incoming.readWithUnsafeReadableBytes { bytes in
            out.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            return count
        }
        return count
    }

    private func write(_ bytes: UnsafeRawBufferPointer) {
        if outgoing.capacity == 0, let pool { outgoing = pool.take() }
        outgoing.writeBytes(bytes)
    }

    /// Written once, before it is first read, and never changed: sharing it between threads is safe.
    private struct Method: @unchecked Sendable {
        let pointer: OpaquePointer?
    }

    private static let method: Method = {
        guard let method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "fdl ciphertext") else {
            return Method(pointer: nil)
        }
        BIO_meth_set_read_ex(method) { bio, out, count, done in
            fdl_BIO_clear_retry_flags(bio)
            guard let bio, let out, let pipe = CiphertextPipe.of(bio) else { return 0 }
            let read = pipe.read(into: UnsafeMutableRawBufferPointer(start: out, count: count))
            done?.pointee = read
            if read > 0 { return 1 }
            fdl_BIO_set_retry_read(bio)
            return -1
        }
        BIO_meth_set_write_ex(method) { bio, bytes, count, done in
            guard let bio, let bytes, let pipe = CiphertextPipe.of(bio) else { return 0 }
            pipe.write(UnsafeRawBufferPointer(start: bytes, count: count))
            done?.pointee = count
            return 1
        }
        BIO_meth_set_ctrl(method) { _, command, _, _ in
            // There is nothing to flush, but OpenSSL takes 0 for a failure. No other command is supported.
            command == BIO_CTRL_FLUSH ? 1 : 0
        }
        return Method(pointer: method)
    }()

    private static func of(_ bio: OpaquePointer) -> CiphertextPipe? {
        BIO_get_data(bio).map { Unmanaged<CiphertextPipe>.fromOpaque($0).takeUnretainedValue() }
    }
}

@available(*, unavailable)
extension CiphertextPipe: Sendable {}
