import FDLCore
import FDLSystem
import Glibc
import NIOPosix
import Synchronization

/// What became of an output that got its final name.
struct FinishedOutput: Sendable {
    /// Where the folder that was replaced lies now, if it held files that nobody listed: they are kept.
    var kept: String?
    /// How many files could not be given the executable bit, or be rid of it.
    var withoutBit = 0
}

extension ChunkStore {
    /// Makes the complete output durable and gives it its final name, in one step.
    /// - Parameters:
    ///   - replacing: whether what has the name now makes room.
    ///   - pool: its threads sync the files, several at once: a file system's journal takes them in together, while one
    ///     after the other each waits for the disk.
    /// - Throws: `Failure`, `SystemError`; then nothing bears the final name that did not before.
    func finish(replacing: Bool, syncingOn pool: NIOThreadPool) async throws -> FinishedOutput {
        closeFiles()
        let count = manifest.files.count
        let width = min(count, Self.syncWidth)
        let completion = Completion()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for first in 0..<width {
                group.addTask {
                    try await pool.runIfActive {
                        for file in stride(from: first, to: count, by: width) { try self.complete(file, completion) }
                    }
                }
            }
            try await group.waitForAll()
        }
        if target.isFolder { try completeFolders() }
        let kept = try giveName(replacing: replacing)
        return FinishedOutput(kept: kept, withoutBit: completion.withoutBit)
    }

    /// How many files are synced at once.
    static let syncWidth = 8

    /// What the threads note of the files that they complete.
    private final class Completion: Sendable {
        private struct State {
            var files: [FileStatus.Identity: Int] = [:]
            var withoutBit = 0
        }
        private let state = Mutex(State())

        var withoutBit: Int { state.withLock { $0.withoutBit } }

        func noteWithoutBit() { state.withLock { $0.withoutBit += 1 } }

        /// - Returns: another file of the manifest that is this very file.
        func note(_ file: Int, _ identity: FileStatus.Identity) -> Int? {
            state.withLock { state in
                if let other = state.files[identity] { return other }
                state.files[identity] = file
                return nil
            }
        }
    }

    private func complete(_ index: Int, _ completion: Completion) throws {
        let listed = manifest.files[index]
        let (file, status) = try openWritten(index)
        if let other = completion.note(index, status.identity) {
            throw Failure(folded: manifest.files[other].path.string, listed.path.string)
        }
        if try !file.descriptor.setExecutable(listed.isExecutable, status) { completion.noteWithoutBit() }
        try file.descriptor.sync()
    }

    /// What an earlier version had and this one has not must not come along under the final name.
    private func completeFolders() throws {
        let listed = ListedTree(manifest)
        try ListedFolder(partial.holder, listed).removeOthers()
        for folder in listed.folders() {
            let flags = O_RDONLY | O_DIRECTORY
            try partial.holder.descriptor.open(beneath: folder.path, flags: flags).syncDirectory()
        }
        try partial.holder.descriptor.syncDirectory()
    }

    private func giveName(replacing: Bool) throws(SystemError) -> String? {
        let directory = target.directory
        let taken = try directory.descriptor.status(child: target.name) != nil
        if taken, replacing, target.isFolder {
            let replaced = try exchangeFolders()
            try directory.descriptor.syncDirectory()
            return try replaced.flatMap { name throws(SystemError) in try target.removeListed(from: name, manifest) }
        }
        let mode: Descriptor.RenameMode = taken && replacing ? .replace : .refuse
        try directory.descriptor.rename(child: target.partName, to: target.name, mode)
        try directory.descriptor.syncDirectory()
        return nil
    }

    /// - Returns: the name that the old folder has now; nil where there is nothing left of it.
    private func exchangeFolders() throws(SystemError) -> String? {
        let directory = target.directory
        do throws(SystemError) {
            try directory.descriptor.rename(child: target.partName, to: target.name, .exchange)
            return target.partName
        } catch {
            guard Nicety.renameFlags.cannot(error.code) else { throw error }
        }
        // File systems that cannot exchange: between the two steps neither folder bears the name.
        var replaced: String? = target.replacedName
        do throws(SystemError) {
            try directory.descriptor.rename(child: target.name, to: target.replacedName, .refuse)
        } catch {
            // An overlay does not rename a folder of its lower layer, but takes away what is in it.
            guard error.code == EXDEV else { throw error }
            let old = try directory.descriptor.open(child: target.name, flags: O_RDONLY | O_DIRECTORY)
            guard try !ListedFolder(SharedDescriptor(old), ListedTree(manifest)).removeListed() else { throw error }
            try directory.descriptor.removeTree(child: target.name)
            replaced = nil
        }
        try directory.descriptor.rename(child: target.partName, to: target.name, .refuse)
        return replaced
    }
}
