import COpenSSL

/// What OpenSSL reads from or writes to: a file, or memory that is wiped when it is freed.
package struct OwnedBIO: ~Copyable {
    package let pointer: OpaquePointer

    /// A file to read from.
    /// - Returns: nil if it cannot be opened; `ErrorQueue` says why.
    package init?(readingFile path: String) {
        guard let pointer = ErrorQueue.clean({ BIO_new_file(path, "r") }) else { return nil }
        self.pointer = pointer
    }

    /// Memory to write to.
    /// - Parameter operation: what it is for, in errors.
    package init(to operation: String) throws(OpenSSLError) {
        self.pointer = try openSSL(operation) { BIO_new(BIO_s_secmem()) }
    }

    /// Memory to read from.
    /// - Parameter operation: what it is for, in errors.
    package init(copying bytes: [UInt8], to operation: String) throws(OpenSSLError) {
        let pointer = try openSSL(operation) { BIO_new(BIO_s_secmem()) }
        let count = Int32(clamping: bytes.count)
        do {
            try openSSL(operation, returnsOne: { BIO_write(pointer, bytes, count) == bytes.count ? 1 : 0 })
        } catch {
            BIO_free(pointer)
            throw error
        }
        self.pointer = pointer
    }

    deinit { BIO_free(pointer) }

    /// All that was written.
    package func written(_ operation: String) throws(OpenSSLError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: BIO_ctrl_pending(pointer))
        let count = Int32(clamping: bytes.count)
        try openSSL(operation, returnsOne: { BIO_read(pointer, &bytes, count) == bytes.count ? 1 : 0 })
        return bytes
    }
}
