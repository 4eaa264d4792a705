/// How many connections the process's descriptors allow, with a reserve for the files that they are served from: so that
/// a full table of connections never keeps a file from being opened.
enum DescriptorBudget {
    /// Kept for looks at the tree, chunks that wait to be compressed, logs and connections on their way.
    static let reserve = 96

    /// Each connection takes one descriptor, and one more while it is sent a file.
    /// - Parameters:
    ///   - limit: how many the process may have.
    ///   - inUse: how many it has open.
    /// - Returns: from 1 to `wanted`.
    static func connections(wanted: Int, limit: Int, inUse: Int) -> Int {
        let free = max(0, limit - inUse)
        return min(wanted, max(1, (free - min(reserve, free / 4)) / 2))
    }
}
