/// The length of every chunk of a manifest but the last of each file: a power of two from 64 KiB to 16 MiB.
public struct ChunkSize: Hashable, Sendable, BitwiseCopyable {
    /// The allowed sizes, in bytes.
    public static let allowed: ClosedRange<Int> = (64 << 10)...(16 << 20)

    /// In bytes.
    public let bytes: Int

    /// - Returns: nil if `bytes` is not a power of two within `allowed`.
    public init?(bytes: Int) {
        guard Self.allowed.contains(bytes), bytes & (bytes - 1) == 0 else { return nil }
        self.bytes = bytes
    }

    private init(megabytes: Int) { self.bytes = megabytes << 20 }

    /// The default for a total of `totalBytes`: 1 MiB, doubled until the manifest has at most 65,536 chunks,
    /// 4 MiB at most.
    package static func standard(totalBytes: Int64) -> ChunkSize {
        var megabytes = 1
        while megabytes < 4, totalBytes > Int64(megabytes) << 36 { megabytes *= 2 }
        return ChunkSize(megabytes: megabytes)
    }

    /// How many chunks a file of `size` bytes has (none if it is empty).
    package func chunkCount(fileSize size: Int64) -> Int64 {
        guard size > 0 else { return 0 }
        return (size - 1) / Int64(bytes) + 1
    }
}
