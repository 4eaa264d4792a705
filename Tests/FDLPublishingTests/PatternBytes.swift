import TestSupport

extension TemporaryFolder {
    /// Bytes of which no two chunks are alike: a prime number of random ones, again and again.
    static func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count { bytes += pattern.prefix(count - bytes.count) }
        return bytes
    }

    private static let pattern: [UInt8] = {
        var generator = SeededGenerator(seed: 1)
        return (0..<65_537).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    }()
}
