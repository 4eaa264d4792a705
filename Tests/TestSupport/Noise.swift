/// Bytes that do not shrink and depend on the seed alone.
///
/// Blocks of 64 KiB that differ in their first bytes: far enough apart that deflate sees no repetition, and made by
/// copying, so that no test waits for them.
package func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    let words = (0..<8_192).map { _ in generator.next() }
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        let raw = UnsafeMutableRawBufferPointer(buffer)
        words.withUnsafeBytes { block in
            for offset in stride(from: 0, to: count, by: block.count) {
                let size = min(block.count, count - offset)
                let place = UnsafeMutableRawBufferPointer(rebasing: raw[offset..<(offset + size)])
                place.copyMemory(from: UnsafeRawBufferPointer(rebasing: block[..<size]))
                if size >= 8 { place.storeBytes(of: generator.next(), as: UInt64.self) }
            }
        }
        initialized = count
    }
}
