/// Bytes that shrink well, no two lines of them the same.
func prose(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 64)
    var line = 0
    while bytes.count < count {
        bytes += Array("line \(line) of a text that a compressor likes\n".utf8)
        line += 1
    }
    return Array(bytes.prefix(count))
}

extension String {
    /// How often `part` occurs.
    func count(of part: String) -> Int {
        ranges(of: part).count
    }
}
