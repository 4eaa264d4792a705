import FDLCore
import FDLSystem

/// Finds private keys among the files below the root, at each scan those that have come or changed since the last.
struct PrivateKeyWatch {
    /// How many files are looked into at one scan, so that a tree of many small files delays no start by much.
    private static let looksPerScan = 20_000
    /// How many files are remembered as looked into.
    private static let remembered = 200_000

    /// The times of change of what was looked into.
    private var seen: [String: Int64] = [:]

    /// - Returns: the paths of those that were not found before.
    mutating func newKeys(among files: [FileTree.Entry], listedBy catalog: Catalog, _ root: ServedRoot) -> [String] {
        var found: [String] = []
        var looks = 0
        var kept: [String: Int64] = [:]
        for entry in files {
            let status = entry.status
            guard status.size > 0, RequestTarget.isServable(entry.path) else { continue }
            if seen[entry.path] == status.changed {
                kept[entry.path] = status.changed
                continue
            }
            let isConfigured = root.isRefused(entry.path, status.identity)
            guard isConfigured || status.size <= Int64(PrivateKeyContent.lookedAt) && !catalog.isSigned(entry.path)
            else {
                continue
            }
            guard looks < Self.looksPerScan, kept.count < Self.remembered else { continue }
            looks += 1
            guard isConfigured || isKey(entry.path, root) else {
                kept[entry.path] = status.changed
                continue
            }
            kept[entry.path] = status.changed
            found.append(entry.path)
        }
        seen = kept
        return found
    }

    private func isKey(_ path: String, _ root: ServedRoot) -> Bool {
        do throws(SystemError) {
            guard let file = try root.open(path) else { return false }
            return try root.keys.verdict(of: file, mayWait: true) == .privateKey
        } catch {
            return false
        }
    }
}
