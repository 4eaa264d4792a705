import FDLCore
import FDLSystem
import Glibc
import NIOPosix

extension ChunkStore {
    /// Makes the complete output durable and gives it its final name, in one step.
    /// - Parameters:
    ///   - replacing: whether what has the name now makes room.
    ///   - pool: its threads sync the files, several at once: a file system's journal takes them in together, while one
    ///     after the other each waits for the disk.
    /// - Returns: where the folder that was replaced lies now, if it held files that nobody listed: they are kept.
    func finish(replacing: Bool, syncingOn pool: NIOThreadPool) async throws -> String? {
        let mask = umask(0)
        umask(mask)
        closeFiles()
        if target.isFolder { try removeUnlisted() }
        let count = manifest.files.count
        let width = min(count, Self.syncWidth)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for first in 0..<width {
                group.addTask {
                    try await pool.runIfActive {
                        for file in stride(from: first, to: count, by: width) { try self.complete(file, mask) }
                    }
                }
            }
            try await group.waitForAll()
        }
        return try giveName(replacing: replacing, mask)
    }

    /// How many files are synced at once.
    static let syncWidth = 8

    private func complete(_ index: Int, _ mask: UInt32) throws {
        let file = try openWritten(index)
        try file.descriptor.setMode((manifest.files[index].isExecutable ? 0o777 : 0o666) & ~mask)
        try file.descriptor.sync()
    }

    private func giveName(replacing: Bool, _ mask: UInt32) throws(SystemError) -> String? {
        if target.isFolder { try setFolderModes(0o777 & ~mask) }
        let taken = try target.directory.descriptor.status(child: target.name) != nil
        if taken, replacing, target.isFolder {
            let replaced = try exchangeFolders()
            try target.directory.descriptor.sync()
            return try target.removeListed(from: replaced, manifest)
        }
        try target.directory.descriptor.rename(
            child: target.partName,
            to: target.name,
            taken && replacing ? .replace : .refuse
        )
        try target.directory.descriptor.sync()
        return nil
    }

    /// - Returns: the name that the old folder has now.
    private func exchangeFolders() throws(SystemError) -> String {
        let directory = target.directory
        do throws(SystemError) {
            try directory.descriptor.rename(child: target.partName, to: target.name, .exchange)
            return target.partName
        } catch {
            // File systems that cannot exchange: between the two steps neither folder bears the name.
            guard error.code == EINVAL || error.code == ENOSYS else { throw error }
            try directory.descriptor.rename(child: target.name, to: target.replacedName, .refuse)
            try directory.descriptor.rename(child: target.partName, to: target.name, .refuse)
            return target.replacedName
        }
    }

    /// What an earlier version had and this one has not must not come along under the final name.
    private func removeUnlisted() throws(SystemError) {
        let listed = ListedPaths(manifest)
        try listed.removeOthers(in: lockHolder.descriptor, prefix: "")
    }

    private func setFolderModes(_ mode: UInt32) throws(SystemError) {
        let folders = ListedPaths(manifest).folders
        for path in folders.sorted(by: { $0.count > $1.count }) {
            let folder = try lockHolder.descriptor.open(
                beneath: String(decoding: path, as: UTF8.self),
                flags: O_RDONLY | O_DIRECTORY
            )
            try folder.setMode(mode)
            try folder.sync()
        }
        try lockHolder.descriptor.setMode(mode)
        try lockHolder.descriptor.sync()
    }
}
