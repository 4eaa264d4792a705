import COpenSSL
import FDLSystem
import Glibc

/// What a download cannot do without, each part alone and over warm buffers: hashing, decrypting, taking the bytes
/// from a socket, giving them to a file. CPU seconds of the part's own thread, per GiB.
enum Floor {
    private static let block = 1 << 20
    private static let record = 16 << 10

    /// - Returns: SHA-256, AES-128-GCM, socket, file through the page cache, file past it.
    static func measure(file: String, mebibytes: Int) throws -> String {
        let parts = [
            try sha256(mebibytes),
            try gcm(mebibytes),
            try socket(mebibytes),
            try write(to: file, mebibytes, pastPageCache: false),
            try write(to: file, mebibytes, pastPageCache: true),
        ]
        return parts.map { fixed($0 * 1024 / Double(mebibytes)) }.joined(separator: " ")
    }

    private static func sha256(_ mebibytes: Int) throws -> Double {
        let bytes = [UInt8](repeating: 7, count: block)
        var digest = [UInt8](repeating: 0, count: 32)
        guard let algorithm = EVP_MD_fetch(nil, "SHA256", nil), let context = EVP_MD_CTX_new() else {
            throw MeasureError("OpenSSL has no SHA-256")
        }
        defer {
            EVP_MD_CTX_free(context)
            EVP_MD_free(algorithm)
        }
        return try Clock.threadCPU.time {
            for _ in 0..<mebibytes {
                guard EVP_DigestInit_ex2(context, algorithm, nil) == 1,
                    EVP_DigestUpdate(context, bytes, bytes.count) == 1,
                    EVP_DigestFinal_ex(context, &digest, nil) == 1
                else { throw MeasureError("OpenSSL cannot hash") }
            }
        }
    }

    /// Decrypts records as TLS 1.3 does: a nonce, five bytes of associated data and a tag each.
    private static func gcm(_ mebibytes: Int) throws -> Double {
        let key = [UInt8](repeating: 1, count: 16)
        let nonce = [UInt8](repeating: 2, count: 12)
        let header = [UInt8](repeating: 3, count: 5)
        var tag = [UInt8](repeating: 0, count: 16)
        let plaintext = [UInt8](repeating: 4, count: record)
        var ciphertext = [UInt8](repeating: 0, count: record)
        var out = [UInt8](repeating: 0, count: record)
        var count: Int32 = 0
        guard let cipher = EVP_CIPHER_fetch(nil, "AES-128-GCM", nil), let context = EVP_CIPHER_CTX_new() else {
            throw MeasureError("OpenSSL has no AES-128-GCM")
        }
        defer {
            EVP_CIPHER_CTX_free(context)
            EVP_CIPHER_free(cipher)
        }
        guard EVP_EncryptInit_ex2(context, cipher, key, nonce, nil) == 1,
            EVP_EncryptUpdate(context, nil, &count, header, 5) == 1,
            EVP_EncryptUpdate(context, &ciphertext, &count, plaintext, Int32(record)) == 1,
            EVP_EncryptFinal_ex(context, &out, &count) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, &tag) == 1,
            EVP_DecryptInit_ex2(context, cipher, key, nonce, nil) == 1
        else { throw MeasureError("OpenSSL cannot encrypt") }
        return try Clock.threadCPU.time {
            for _ in 0..<(mebibytes * block / record) {
                guard EVP_DecryptInit_ex2(context, nil, nil, nonce, nil) == 1,
                    EVP_DecryptUpdate(context, nil, &count, header, 5) == 1,
                    EVP_DecryptUpdate(context, &out, &count, ciphertext, Int32(record)) == 1,
                    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, &tag) == 1,
                    EVP_DecryptFinal_ex(context, &ciphertext, &count) == 1
                else { throw MeasureError("OpenSSL cannot decrypt") }
            }
        }
    }

    /// Reads from a loopback connection what another thread writes in pieces as large as a TLS record.
    private static func socket(_ mebibytes: Int) throws -> Double {
        let (reader, writer) = try Loopback.pair()
        defer { close(reader) }
        var thread = pthread_t()
        let size = Int(writer) | mebibytes << 32
        let started = pthread_create(
            &thread,
            nil,
            { argument in
                let size = Int(bitPattern: argument)
                let (writer, mebibytes) = (Int32(size & 0xffff_ffff), size >> 32)
                let bytes = [UInt8](repeating: 5, count: Floor.record)
                // A short write only shifts the pieces.
                var left = mebibytes * Floor.block
                while left > 0 {
                    let count = Glibc.write(writer, bytes, min(left, bytes.count))
                    if count <= 0 { break }
                    left -= count
                }
                close(writer)
                return nil
            },
            UnsafeMutableRawPointer(bitPattern: size)
        )
        guard started == 0 else { throw MeasureError("cannot start a thread") }
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        let seconds = Clock.threadCPU.time { while read(reader, &buffer, buffer.count) > 0 {} }
        pthread_join(thread, nil)
        return seconds
    }

    /// Writes a file whose room is reserved, as the download's is. Through the page cache in pieces of 128 KiB: larger
    /// ones make the kernel look for memory that lies in one piece, and cost more.
    private static func write(to path: String, _ mebibytes: Int, pastPageCache: Bool) throws -> Double {
        let piece = pastPageCache ? block : 128 << 10
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: piece, alignment: Descriptor.blockSize)
        defer { memory.deallocate() }
        memory.initializeMemory(as: UInt8.self, repeating: 6)
        let bytes = UnsafeRawBufferPointer(memory)
        let file = try Descriptor(opening: path, flags: O_RDWR | O_CREAT | O_TRUNC, mode: 0o600)
        defer { unlink(path) }
        let size = Int64(mebibytes) << 20
        try file.truncate(to: size)
        try file.reserve(0..<size)
        guard pastPageCache else {
            return try Clock.threadCPU.time {
                for offset in stride(from: 0, to: size, by: piece) { try file.write(bytes, at: offset) }
            }
        }
        guard let direct = file.reopenedForDirectWriting() else {
            throw MeasureError("the file system of \(path) has no direct writing")
        }
        return try Clock.threadCPU.time {
            for offset in stride(from: 0, to: size, by: piece)
            where try direct.writeBlocks([bytes], at: offset) != piece {
                throw MeasureError("the file system of \(path) refuses direct writes")
            }
        }
    }
}
