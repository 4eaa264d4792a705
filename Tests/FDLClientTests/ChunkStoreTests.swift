import FDLCore
import FDLSystem
import Glibc
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import FDLClient

/// Gives a store's output its final name, with threads of its own.
@discardableResult
private func finish(_ store: ChunkStore, replacing: Bool) async throws -> String? {
    let pool = NIOThreadPool(numberOfThreads: 2)
    pool.start()
    let result: Result<String?, any Error>
    do {
        result = .success(try await store.finish(replacing: replacing ? store.manifest : nil, syncingOn: pool).kept)
    } catch {
        result = .failure(error)
    }
    try await pool.shutdownGracefully()
    return try result.get()
}

extension ChunkStore {
    fileprivate func write(_ chunk: Int, _ bytes: [UInt8]) throws(SystemError) -> Bool {
        try bytes.span.withUnsafeBytes { bytes throws(SystemError) in try write(chunk, bytes) }
    }
}

@Suite struct ChunkStoreTests {
    private let first = noise(2 * 65536 + 10, seed: 1)
    private let second = noise(65536, seed: 2)

    private func folder() throws -> Manifest {
        try Manifest.sample([("a", first), ("sub/dir/b", second), ("sub/empty", [])])
    }

    private func chunk(_ index: Int) -> [UInt8] {
        let all = first + second
        let starts = [0, 65536, 131072, first.count, all.count]
        return Array(all[starts[index]..<starts[index + 1]])
    }

    private func scanner(_ store: ChunkStore, _ pool: NIOThreadPool) -> ChunkScanner {
        ChunkScanner(layout: store.layout, digests: store.manifest.digests, subject: .partial(store))
    }

    @Test func findsAgainWhatItWroteAndNothingElse() async throws {
        let temporary = try TemporaryFolder()
        let manifest = try folder()
        let target = try OutputTarget(path: "\(temporary.path)/out", isFolder: true)
        do {
            let store = try ChunkStore(target: target, manifest: manifest)
            #expect(try store.write(1, chunk(1)))
            #expect(try store.write(3, chunk(3)))
            #expect(try !store.write(3, chunk(3)))
        }
        let store = try ChunkStore(target: target, manifest: manifest)
        let pool = NIOThreadPool(numberOfThreads: 2)
        pool.start()
        let found = try await scanner(store, pool).matchingChunks(in: store.tree)
        #expect(Array(found) == [1, 3])
    }

    @Test func writesSeveralChunksAtOnceEachInItsPlaceAndOnce() async throws {
        let temporary = try TemporaryFolder()
        let target = try OutputTarget(path: "\(temporary.path)/out", isFolder: true)
        let store = try ChunkStore(target: target, manifest: try folder())
        let pool = ChunkBufferPool(chunkSize: 65536, memoryLimit: 1 << 20, isForDisk: false)
        func verified(_ index: Int) -> VerifiedChunk {
            let buffer = pool.buffer(length: chunk(index).count)
            chunk(index).withUnsafeBytes { buffer.append($0) }
            return VerifiedChunk(index: index, buffer: buffer)
        }
        #expect(try store.write(1, chunk(1)))
        // The end of one file and the beginning of the next are neighbours by number alone.
        #expect(try store.write([2, 3, 0, 1].map(verified)) == [2, 3, 0])
        #expect(try store.write([0, 3].map(verified)).isEmpty)
        try await finish(store, replacing: false)
        #expect(try temporary.read("out/a") == first)
        #expect(try temporary.read("out/sub/dir/b") == second)
    }

    @Test func givesTheFinalNameToTheWhole() async throws {
        let temporary = try TemporaryFolder()
        let manifest = try folder()
        let target = try OutputTarget(path: "\(temporary.path)/out", isFolder: true)
        let store = try ChunkStore(target: target, manifest: manifest)
        for index in 0..<4 { _ = try store.write(index, chunk(index)) }
        // Left by an earlier version: it is not part of this one.
        try temporary.write([1], "out.fdl-part/stale")
        try await finish(store, replacing: false)
        #expect(try temporary.names() == ["out"])
        #expect(try temporary.read("out/a") == first)
        #expect(try temporary.read("out/sub/dir/b") == second)
        #expect(try temporary.read("out/sub/empty").isEmpty)
        #expect(throws: (any Error).self) { try temporary.read("out/stale") }
    }

    @Test func neverTakesTheNameOfAnotherFile() async throws {
        let temporary = try TemporaryFolder()
        let manifest = try Manifest.sample([("a", second)])
        let target = try OutputTarget(path: "\(temporary.path)/out", isFolder: false)
        let store = try ChunkStore(target: target, manifest: manifest)
        _ = try store.write(0, second)
        try temporary.write([1, 2, 3], "out")
        await #expect(throws: SystemError.self) { try await finish(store, replacing: false) }
        #expect(try temporary.read("out") == [1, 2, 3])
        try await finish(store, replacing: true)
        #expect(try temporary.read("out") == second)
        #expect(try temporary.names() == ["out"])
    }

    @Test func hasOneWriter() throws {
        let temporary = try TemporaryFolder()
        let manifest = try Manifest.sample([("a", second)])
        let target = try OutputTarget(path: "\(temporary.path)/out", isFolder: false)
        let store = try ChunkStore(target: target, manifest: manifest)
        #expect(throws: Failure.self) { _ = try ChunkStore(target: target, manifest: manifest) }
        _ = try store.write(0, second)
    }

    @Test func leavesNothingBehindWhereItGotNothing() throws {
        let temporary = try TemporaryFolder()
        let manifest = try Manifest.sample([("a", second)])
        let target = try OutputTarget(path: "\(temporary.path)/out", isFolder: false)
        try ChunkStore(target: target, manifest: manifest).discardIfEmpty()
        #expect(try temporary.names().isEmpty)
        let store = try ChunkStore(target: target, manifest: manifest)
        _ = try store.write(0, second)
        store.discardIfEmpty()
        #expect(try temporary.names() == ["out.fdl-part"])
    }

    @Test(arguments: ["missing/out", "link", "folder", "dir/", "."])
    func refusesWhatCannotBeAnOutput(name: String) throws {
        let temporary = try TemporaryFolder()
        try temporary.write([], "file")
        try Directory.create("\(temporary.path)/folder")
        #expect(symlink("file", "\(temporary.path)/link") == 0)
        let error = #expect(throws: Failure.self) {
            _ = try OutputTarget(path: "\(temporary.path)/\(name)", isFolder: false).existing()
        }
        #expect(error?.exitCode == .cannotCreate)
        #expect(error?.hint != nil)
    }
}

@Suite struct ConcurrentStoreTests {
    /// Many threads find the same obstacle of an earlier version, and none takes away what another has put there.
    @Test func aStaleFileIsClearedOnce() async throws {
        let pool = NIOThreadPool(numberOfThreads: 8)
        pool.start()
        for round in 0..<100 {
            let temporary = try TemporaryFolder()
            let bytes = noise(100, seed: UInt64(round))
            let manifest = try Manifest.sample((0..<8).map { ("x/\($0)", bytes) })
            try Directory.create("\(temporary.path)/out.fdl-part")
            try temporary.write([1], "out.fdl-part/x")
            let target = try OutputTarget(path: "\(temporary.path)/out", isFolder: true)
            let store = try ChunkStore(target: target, manifest: manifest)
            let next = Mutex(0)
            try await ParallelWork.run(threads: 8) { _ in
                let chunk = next.withLock { next in
                    defer { next += 1 }
                    return next
                }
                _ = try store.write(chunk, bytes)
            }
            try await finish(store, replacing: false)
            for index in 0..<8 { #expect(try temporary.read("out/x/\(index)") == bytes) }
        }
        try await pool.shutdownGracefully()
    }

    @Test func whatWasTakenAwayMeanwhileIsNotMadeUp() async throws {
        let temporary = try TemporaryFolder()
        let bytes = noise(65536, seed: 1)
        let manifest = try Manifest.sample([("a", bytes), ("b", bytes)])
        let target = try OutputTarget(path: "\(temporary.path)/out", isFolder: true)
        let store = try ChunkStore(target: target, manifest: manifest)
        for chunk in 0..<2 { _ = try store.write(chunk, bytes) }
        #expect(unlink("\(temporary.path)/out.fdl-part/b") == 0)
        await #expect(throws: SystemError.self) { try await finish(store, replacing: false) }
        #expect(try temporary.names() == ["out.fdl-part"])
        try temporary.write(Array(bytes.dropLast()), "out.fdl-part/b")
        await #expect(throws: Failure.self) { try await finish(store, replacing: false) }
    }
}

@Suite struct FolderReplacementTests {
    private let bytes = noise(65536, seed: 3)

    private func store(_ temporary: TemporaryFolder, _ manifest: Manifest) throws -> ChunkStore {
        let target = try OutputTarget(path: "\(temporary.path)/out", isFolder: true)
        let store = try ChunkStore(target: target, manifest: manifest)
        for chunk in 0..<manifest.layout.chunkCount { _ = try store.write(chunk, bytes) }
        return store
    }

    @Test func whatNobodyListedIsKeptWhenAFolderIsReplaced() async throws {
        let temporary = try TemporaryFolder()
        let manifest = try Manifest.sample([("a/\u{e9}", bytes), ("b", bytes)])
        try Directory.create("\(temporary.path)/out/a")
        try temporary.write([1], "out/b")
        // The same letter in another form, which is another file; and one that nothing is like.
        try temporary.write([2], "out/a/e\u{301}")
        try temporary.write([3], "out/notes")
        let kept = try await finish(store(temporary, manifest), replacing: true)
        #expect(kept == "\(temporary.path)/out.fdl-old")
        #expect(try temporary.names() == ["out", "out.fdl-old"])
        #expect(try temporary.read("out/a/\u{e9}") == bytes)
        #expect(try temporary.read("out.fdl-old/a/e\u{301}") == [2])
        #expect(try temporary.read("out.fdl-old/notes") == [3])
        #expect(throws: (any Error).self) { try temporary.read("out.fdl-old/b") }
    }

    @Test func whatWasKeptBeforeIsNotInTheWay() async throws {
        let temporary = try TemporaryFolder()
        let manifest = try Manifest.sample([("b", bytes)])
        for number in 1...3 {
            try Directory.create("\(temporary.path)/out")
            try temporary.write([UInt8(number)], "out/notes")
            let kept = try await finish(store(temporary, manifest), replacing: true)
            let name = number == 1 ? "out.fdl-old" : "out.\(number).fdl-old"
            #expect(kept == "\(temporary.path)/\(name)")
            #expect(try temporary.read("\(name)/notes") == [UInt8(number)])
            #expect(try temporary.read("out/b") == bytes)
        }
    }

    @Test func nothingIsLeftOfAFolderThatHeldWhatWasListed() async throws {
        let temporary = try TemporaryFolder()
        let manifest = try Manifest.sample([("a/x", bytes), ("b", bytes)])
        try Directory.create("\(temporary.path)/out/a")
        try temporary.write([1], "out/a/x")
        let kept = try await finish(store(temporary, manifest), replacing: true)
        #expect(kept == nil)
        #expect(try temporary.names() == ["out"])
    }

    @Test func aPartialFolderOfAnotherVersionIsNotInTheWay() async throws {
        let temporary = try TemporaryFolder()
        try Directory.create("\(temporary.path)/out.fdl-part/a/deep")
        try temporary.write([1], "out.fdl-part/c")
        let manifest = try Manifest.sample([("a", bytes), ("c/d/e", bytes)])
        try await finish(store(temporary, manifest), replacing: false)
        #expect(try temporary.read("out/a") == bytes)
        #expect(try temporary.read("out/c/d/e") == bytes)
    }

    @Test func whatAnInterruptedReplacementLeftIsCleared() throws {
        let temporary = try TemporaryFolder()
        let manifest = try Manifest.sample([("a/x", bytes)])
        try Directory.create("\(temporary.path)/out.fdl-part/a")
        try temporary.write([1], "out.fdl-part/a/x")
        let target = try OutputTarget(path: "\(temporary.path)/out", isFolder: true)
        #expect(try target.removeStalePart(manifest) == nil)
        #expect(try temporary.names().isEmpty)
        try Directory.create("\(temporary.path)/out.fdl-part/a")
        try temporary.write([1], "out.fdl-part/a/mine")
        // Under the name of a partial output the next version would take it for its own.
        let kept = try target.removeStalePart(manifest)
        #expect(kept == "\(temporary.path)/out.fdl-old")
        #expect(try temporary.read("out.fdl-old/a/mine") == [1])
        #expect(try temporary.names() == ["out.fdl-old"])
    }
}
