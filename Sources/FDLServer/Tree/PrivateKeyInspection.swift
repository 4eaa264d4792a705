import FDLCore
import FDLSystem
import Synchronization

/// Whether files hold private keys, by their content; what was found is remembered for the files asked for last.
final class PrivateKeyInspection: Sendable {
    enum Verdict {
        case clean
        case privateKey
        /// To tell, the disk would have to be waited for.
        case unknown
    }

    private struct State: Hashable {
        let identity: FileStatus.Identity
        let changed: Int64
        let size: Int64

        init(_ status: FileStatus) { (identity, changed, size) = (status.identity, status.changed, status.size) }
    }

    private static let capacity = 8192

    private let known = Mutex<[State: Bool]>([:])

    /// - Parameter mayWait: whether the disk is waited for; not on an event loop.
    /// - Throws: `SystemError` if the file cannot be read.
    func verdict(of file: ServedFile, mayWait: Bool) throws(SystemError) -> Verdict {
        let state = State(file.status)
        if let isKey = known.withLock({ $0[state] }) { return isKey ? .privateKey : .clean }
        guard let isKey = try Self.look(file, mayWait: mayWait) else { return .unknown }
        known.withLock { known in
            if known.count >= Self.capacity { known.removeAll(keepingCapacity: true) }
            known[state] = isKey
        }
        return isKey ? .privateKey : .clean
    }

    /// - Returns: nil if that would have to wait.
    private static func look(_ file: ServedFile, mayWait: Bool) throws(SystemError) -> Bool? {
        let wanted = Int(min(Int64(PrivateKeyContent.lookedAt), file.status.size))
        if wanted == 0 { return false }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: wanted, alignment: 16)
        defer { buffer.deallocate() }
        let count: Int
        if mayWait {
            count = try file.read(into: buffer, at: 0)
        } else {
            guard let cached = try file.readCached(into: buffer, at: 0), cached == wanted else { return nil }
            count = cached
        }
        return PrivateKeyContent.isPrivateKey(
            UnsafeRawBufferPointer(rebasing: buffer[..<count]),
            size: file.status.size
        )
    }
}
