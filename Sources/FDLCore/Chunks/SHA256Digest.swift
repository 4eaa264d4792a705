/// A SHA-256 digest (FIPS 180-4): 32 bytes, kept as four words so that a million of them lie in one flat array.
public struct SHA256Digest: Hashable, Sendable, BitwiseCopyable {
    /// The length of a digest in bytes.
    package static let byteCount = 32

    // Big-endian words in order: word0 holds bytes 0–7.
    private let word0: UInt64
    private let word1: UInt64
    private let word2: UInt64
    private let word3: UInt64

    /// The first 8 bytes, big-endian: evenly spread.
    package var leadingWord: UInt64 { word0 }

    /// Takes a digest's 32 bytes.
    /// - Returns: nil if there are not exactly 32 of them.
    package init?(bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.byteCount else { return nil }
        self.word0 = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
        self.word1 = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        self.word2 = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        self.word3 = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
    }

    /// Reads 64 lowercase hexadecimal digits, the only spelling a manifest may use.
    /// - Returns: nil for any other length or character.
    package init?(hex: UnsafeRawBufferPointer) {
        guard hex.count == 2 * Self.byteCount,
            let word0 = Hex.word(hex, at: 0),
            let word1 = Hex.word(hex, at: 16),
            let word2 = Hex.word(hex, at: 32),
            let word3 = Hex.word(hex, at: 48)
        else { return nil }
        self.word0 = word0
        self.word1 = word1
        self.word2 = word2
        self.word3 = word3
    }

    /// Reads 64 lowercase hexadecimal digits.
    public init?(hex: some StringProtocol) {
        var text = String(hex)
        let digest = text.withUTF8 { SHA256Digest(hex: UnsafeRawBufferPointer($0)) }
        guard let digest else { return nil }
        self = digest
    }

    /// The 32 bytes.
    public var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Self.byteCount) { bytes, count in
            let raw = UnsafeMutableRawBufferPointer(bytes)
            raw.storeBytes(of: word0.bigEndian, toByteOffset: 0, as: UInt64.self)
            raw.storeBytes(of: word1.bigEndian, toByteOffset: 8, as: UInt64.self)
            raw.storeBytes(of: word2.bigEndian, toByteOffset: 16, as: UInt64.self)
            raw.storeBytes(of: word3.bigEndian, toByteOffset: 24, as: UInt64.self)
            count = Self.byteCount
        }
    }

    /// 64 lowercase hexadecimal digits.
    public var hex: String {
        String(unsafeUninitializedCapacity: 2 * Self.byteCount) { writeHex(to: $0) }
    }

    /// Writes the 64 digits as ASCII.
    /// - Returns: 64, how many bytes of `text` were written.
    func writeHex(to text: UnsafeMutableBufferPointer<UInt8>) -> Int {
        Hex.write(word0, to: text, at: 0)
        Hex.write(word1, to: text, at: 16)
        Hex.write(word2, to: text, at: 32)
        Hex.write(word3, to: text, at: 48)
        return 2 * Self.byteCount
    }

    /// Appends the 64 digits as ASCII. A manifest has a million digests: no allocation for each.
    func appendHex(to text: inout [UInt8]) {
        Hex.append(word0, to: &text)
        Hex.append(word1, to: &text)
        Hex.append(word2, to: &text)
        Hex.append(word3, to: &text)
    }
}

extension SHA256Digest: CustomStringConvertible {
    public var description: String { hex }
}
