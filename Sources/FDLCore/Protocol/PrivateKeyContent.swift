/// What private keys look like, whatever the file is called: no worker hands them out, and who signs one is warned.
package enum PrivateKeyContent {
    /// How many bytes of a file are looked at: a key that follows its chain of certificates is within them.
    package static let lookedAt = 64 << 10

    /// Whether a file holds a private key: in PEM (PKCS#8, PKCS#1, SEC 1, OpenSSH, PGP; encrypted or not; also behind
    /// certificates), in DER (PKCS#12, PKCS#8, PKCS#1, SEC 1), or as minisign, age and PuTTY write it.
    /// - Parameters:
    ///   - bytes: the file's first bytes, `lookedAt` at most.
    ///   - size: of the whole file.
    package static func isPrivateKey(_ bytes: UnsafeRawBufferPointer, size: Int64) -> Bool {
        isDER(bytes, size: size) || hasKeyLine(bytes)
    }

    package static func isPrivateKey(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in
            isPrivateKey(UnsafeRawBufferPointer(rebasing: bytes.prefix(lookedAt)), size: Int64(bytes.count))
        }
    }

    // MARK: Text

    private static let begin = Array("-----BEGIN ".utf8)
    private static let dashes = Array("-----".utf8)
    private static let minisign = Array("RWRTY0Iy".utf8)
    private static let starts = [Array("AGE-SECRET-KEY-1".utf8), Array("PuTTY-User-Key-File-".utf8)]

    private static func hasKeyLine(_ bytes: UnsafeRawBufferPointer) -> Bool {
        // A mark of the byte order may stand before the first line.
        var line = has(bytes, [0xef, 0xbb, 0xbf], at: 0) ? 3 : 0
        var number = 0
        while line < bytes.count {
            if isPEMBegin(bytes, at: line) || starts.contains(where: { has(bytes, $0, at: line) }) { return true }
            if number == 1, has(bytes, minisign, at: line) { return true }
            number += 1
            guard let end = bytes[line...].firstIndex(where: { $0 == 0x0a || $0 == 0x0d }) else { return false }
            line = end + 1
            if bytes[end] == 0x0d, line < bytes.count, bytes[line] == 0x0a { line += 1 }
        }
        return false
    }

    /// `-----BEGIN … PRIVATE KEY-----`, or `… PRIVATE KEY BLOCK-----`.
    private static func isPEMBegin(_ bytes: UnsafeRawBufferPointer, at line: Int) -> Bool {
        guard has(bytes, begin, at: line) else { return false }
        let start = line + begin.count
        let rest = bytes[start..<min(bytes.count, start + 80)]
        guard let end = rest.indices.first(where: { has(bytes, dashes, at: $0) }) else { return false }
        let label = String(decoding: bytes[start..<end], as: UTF8.self)
        return label.hasSuffix("PRIVATE KEY") || label.hasSuffix("PRIVATE KEY BLOCK")
    }

    private static func has(_ bytes: UnsafeRawBufferPointer, _ expected: [UInt8], at offset: Int) -> Bool {
        guard offset + expected.count <= bytes.count else { return false }
        for (index, byte) in expected.enumerated() where bytes[offset + index] != byte { return false }
        return true
    }

    // MARK: DER

    private static let data: [UInt8] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07]

    /// A SEQUENCE that is as long as the file, and begins as those of keys do.
    private static func isDER(_ bytes: UnsafeRawBufferPointer, size: Int64) -> Bool {
        guard let (start, end) = sequence(bytes, at: 0), Int64(end) == size else { return false }
        // PKCS#12 (RFC 7292): version 3, then a ContentInfo of data or signed data.
        if has(bytes, [0x02, 0x01, 0x03], at: start), let (inner, _) = sequence(bytes, at: start + 3) {
            return has(bytes, data, at: inner)
        }
        // PKCS#8 (RFC 5958): version 0 or 1, then the algorithm, an identifier first, then the key.
        if has(bytes, [0x02, 0x01, 0x00], at: start) || has(bytes, [0x02, 0x01, 0x01], at: start),
            let (inner, after) = sequence(bytes, at: start + 3)
        {
            return has(bytes, [0x06], at: inner) && has(bytes, [0x04], at: after)
        }
        // PKCS#1 (RFC 8017): version 0, then a modulus of 1024 bits or more, with its sign.
        if has(bytes, [0x02, 0x01, 0x00, 0x02, 0x81], at: start)
            || has(bytes, [0x02, 0x01, 0x00, 0x02, 0x82], at: start)
        {
            return true
        }
        // SEC 1 (RFC 5915): version 1, then the key of 32, 48 or 66 bytes.
        return [0x20, 0x30, 0x42].contains { has(bytes, [0x02, 0x01, 0x01, 0x04, $0], at: start) }
    }

    /// The content of a SEQUENCE with a definite length, and where it ends.
    private static func sequence(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> (start: Int, end: Int)? {
        guard offset + 2 <= bytes.count, bytes[offset] == 0x30 else { return nil }
        let first = Int(bytes[offset + 1])
        if first < 0x80 { return (offset + 2, offset + 2 + first) }
        let count = first & 0x7f
        guard (1...3).contains(count), offset + 2 + count <= bytes.count else { return nil }
        let length = bytes[(offset + 2)..<(offset + 2 + count)].reduce(0) { $0 << 8 | Int($1) }
        return (offset + 2 + count, offset + 2 + count + length)
    }
}
