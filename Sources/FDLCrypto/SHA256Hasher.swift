import COpenSSL
package import FDLCore

/// SHA-256 (FIPS 180-4) over bytes that come piece by piece. Used again and again without allocating.
///
/// OpenSSL can fail here only if memory is out or where its own configuration takes SHA-256 away. Both stop the
/// process: there is no download without it.
// Sendable although it holds a pointer: the context has one owner, which copies cannot be made of, every use of it is
// mutating and so exclusive, and OpenSSL ties a digest context to no thread.
package struct SHA256Hasher: ~Copyable, @unchecked Sendable {
    // Fetched once: an implicit fetch with each digest costs as much as hashing 4 KiB.
    // nonisolated(unsafe): written once under the lock of a static; an EVP_MD never changes after its fetch.
    private nonisolated(unsafe) static let algorithm: OpaquePointer? = EVP_MD_fetch(nil, "SHA256", nil)

    private let context: OpaquePointer

    package init() {
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("out of memory") }
        self.context = context
        start()
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Takes the next bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        let done = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        precondition(done == 1, "OpenSSL cannot hash")
    }

    /// The digest of all bytes since the last one, or since the beginning.
    package mutating func finalize() -> SHA256Digest {
        let digest = withUnsafeTemporaryAllocation(byteCount: SHA256Digest.byteCount, alignment: 8) { out in
            let base = out.baseAddress?.assumingMemoryBound(to: UInt8.self)
            let done = EVP_DigestFinal_ex(context, base, nil)
            precondition(done == 1, "OpenSSL cannot hash")
            return SHA256Digest(bytes: UnsafeRawBufferPointer(out))
        }
        guard let digest else { preconditionFailure("a SHA-256 digest has 32 bytes") }
        start()
        return digest
    }

    /// The digest of the bytes taken so far. The hasher can take more afterwards.
    package func digestSoFar() -> SHA256Digest {
        var copy = SHA256Hasher()
        let done = EVP_MD_CTX_copy_ex(copy.context, context)
        precondition(done == 1, "OpenSSL cannot hash")
        return copy.finalize()
    }

    /// Forgets the bytes taken since the last digest.
    package mutating func reset() { start() }

    private func start() {
        let done = EVP_DigestInit_ex2(context, Self.algorithm, nil)
        precondition(done == 1, "OpenSSL has no SHA-256: look at its configuration (openssl.cnf)")
    }
}

extension SHA256Digest {
    /// The digest of `bytes`.
    package init(hashing bytes: UnsafeRawBufferPointer) {
        var hasher = SHA256Hasher()
        hasher.update(bytes)
        self = hasher.finalize()
    }

    /// The digest of `bytes`.
    package init(hashing bytes: [UInt8]) {
        self = bytes.withUnsafeBytes { SHA256Digest(hashing: $0) }
    }
}
