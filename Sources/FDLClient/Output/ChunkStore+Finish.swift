import FDLCore
import FDLSystem
import Glibc
import NIOPosix
import Synchronization

/// What to report about an output that got its final name.
struct FinishedOutput: Sendable {
    /// The path of a replaced folder if anything is left of it: files that the manifest does not list, or that could
    /// not be removed.
    var kept: String?
    /// How many files could not be given the executable bit.
    var withoutBit = 0
}

extension ChunkStore {
    /// Makes the complete output durable and gives it its final name, in one step.
    /// - Parameters:
    ///   - replaced: what an existing output with that name may hold, which is replaced; nil if there must be none.
    ///   - pool: the threads that sync the files. Several syncs at once share a commit of the file system's journal;
    ///     one after the other, each would wait for the disk.
    /// - Returns: what to report.
    /// - Throws: `Failure` or `SystemError`. Up to the rename, an error leaves what has the final name untouched.
    func finish(replacing replaced: Manifest?, syncingOn pool: NIOThreadPool) async throws -> FinishedOutput {
        closeFiles()
        let withoutBit = BitCount()
        if let folder = tree.folder, manifest.files.count >= Self.leastForWholeSync,
            partial.holder.descriptor.syncsAllAtOnce
        {
            try await pool.runIfActive { try self.completeAtOnce(folder, withoutBit) }
        } else {
            try await completeEach(withoutBit, on: pool)
        }
        let kept = try giveName(replacing: replaced)
        return FinishedOutput(kept: kept, withoutBit: withoutBit.value)
    }

    /// From this many files on, one sync of the whole file system is faster than a sync of each file.
    static let leastForWholeSync = 256

    /// How many files are synced at once.
    static let syncWidth = 8

    /// Counts the files that could not be given the executable bit, across threads.
    private final class BitCount: Sendable {
        private let lost = Atomic(0)

        var value: Int { lost.load(ordering: .relaxed) }

        func note() { lost.add(1, ordering: .relaxed) }
    }

    private func completeEach(_ withoutBit: BitCount, on pool: NIOThreadPool) async throws {
        let count = manifest.files.count
        let width = min(count, Self.syncWidth)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for first in 0..<width {
                group.addTask {
                    try await pool.runIfActive {
                        for file in stride(from: first, to: count, by: width) { try self.complete(file, withoutBit) }
                    }
                }
            }
            try await group.waitForAll()
        }
        guard let folder = tree.folder else { return }
        try folder.removeOthers()
        try folder.syncDirectories()
    }

    /// Checks each file by its status, opens and completes only those that are not as they should be, and syncs the
    /// whole file system once.
    private func completeAtOnce(_ folder: ListedFolder, _ withoutBit: BitCount) throws {
        for file in manifest.files.indices where manifest.files[file].size == 0 { _ = try openWritten(file) }
        try folder.removeOthers { index, directory, entry in
            let listed = manifest.files[index]
            guard let status = try directory.status(of: entry), status.size == listed.size, partial.isAlone(status),
                status.isExecutable == listed.isExecutable,
                status.mode(executable: listed.isExecutable) == status.mode & 0o777
            else { return try complete(index, withoutBit) }
        }
        // This descriptor reports writes that were lost since the folder was opened.
        try partial.holder.descriptor.syncFileSystem()
    }

    private func complete(_ index: Int, _ withoutBit: BitCount) throws {
        let listed = manifest.files[index]
        let (file, status) = try openWritten(index)
        // A bit that cannot be cleared is not reported: the file system shows the same mode for all files.
        if try !file.descriptor.setExecutable(listed.isExecutable, status), listed.isExecutable { withoutBit.note() }
        try file.descriptor.sync()
    }

    /// - Returns: the path of a replaced folder if anything is left of it, otherwise nil.
    private func giveName(replacing listed: Manifest?) throws(SystemError) -> String? {
        let directory = target.directory
        let isTaken = try directory.descriptor.status(child: target.name) != nil
        guard isTaken, let listed, target.isFolder else {
            let mode: Descriptor.RenameMode = isTaken && listed != nil ? .replace : .refuse
            try directory.descriptor.rename(child: target.partName, to: target.name, mode)
            try directory.descriptor.syncDirectory()
            return nil
        }
        let replaced = try exchangeFolders(listed)
        try directory.descriptor.syncDirectory()
        return replaced.flatMap { target.removeListed(from: $0, listed) }
    }

    /// Gives the new folder the name of the old one.
    /// - Returns: the name that the old folder has now; nil if nothing is left of it.
    private func exchangeFolders(_ listed: Manifest) throws(SystemError) -> String? {
        let directory = target.directory
        do throws(SystemError) {
            try directory.descriptor.rename(child: target.partName, to: target.name, .exchange)
            // Under the partial output's name the next download would take the old folder for its own. A failure here
            // is no error, because the new folder already has its name.
            return (try? target.setAside(target.partName)) ?? target.partName
        } catch {
            guard Nicety.renameFlags.cannot(error.code) else { throw error }
        }
        // The file system cannot exchange names. Between the next two renames neither folder has the final name.
        let replaced: String?
        do throws(SystemError) {
            replaced = try target.setAside(target.name)
        } catch {
            // An overlay file system cannot rename a folder of its lower layer, but can remove what is in it.
            guard error.code == EXDEV else { throw error }
            let old = try directory.descriptor.open(child: target.name, flags: O_RDONLY | O_DIRECTORY)
            guard try !ListedFolder(SharedDescriptor(old), ListedTree(listed)).removeListed() else { throw error }
            try directory.descriptor.removeTree(child: target.name)
            replaced = nil
        }
        do throws(SystemError) {
            try directory.descriptor.rename(child: target.partName, to: target.name, .refuse)
        } catch {
            if let replaced { try? directory.descriptor.rename(child: replaced, to: target.name, .refuse) }
            throw error
        }
        return replaced
    }
}
