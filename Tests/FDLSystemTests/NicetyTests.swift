import FDLSystem
import Glibc
import TestSupport
import Testing

@Suite struct NicetyTests {
    @Test(arguments: Nicety.allCases)
    func whatTheDiskSaysIsNeverANicety(nicety: Nicety) {
        for code in [EIO, ENOSPC, EDQUOT, EROFS, ENOMEM, EMFILE, EFBIG] { #expect(!nicety.cannot(code)) }
    }

    @Test(arguments: Nicety.allCases)
    func whatCannotBeHadIsToldAlike(nicety: Nicety) {
        for code in [EINVAL, ENOSYS, EOPNOTSUPP] { #expect(nicety.cannot(code)) }
        // A link is refused for good reasons: that is no leave to open it.
        for code in [EPERM, ENOLCK, EXDEV] { #expect(nicety.cannot(code) == (nicety != .noFollow)) }
        #expect(!Nicety.noFollow.cannot(ELOOP))
    }
}

@Suite struct DiskReaderTests {
    @Test(arguments: [0, 1, 4095, 4096, 4097, 70_000])
    func readsWhatTheFileHolds(count: Int) throws {
        let folder = try TemporaryFolder()
        let bytes = noise(count)
        let path = try folder.write(bytes, "x")
        let memory = DiskMemory(byteCount: 1 << 17, inHugePages: false)
        for asCached in [false, true] {
            var reader = DiskReader(try Descriptor(opening: path, flags: O_RDONLY), asCached: asCached)
            let read = try reader.read(into: memory.bytes, at: 0, length: 1 << 17)
            #expect(Array(memory.bytes[..<read]) == bytes)
            guard count > 4096 else { continue }
            #expect(try reader.read(into: memory.bytes, at: 4096, length: 1) == 1)
            #expect(memory.bytes[0] == bytes[4096])
            if asCached { #expect(reader.origin == .memory) }
        }
    }
}

@Suite struct PlaceTests {
    private func open(_ folder: TemporaryFolder) throws -> Descriptor { try Descriptor(openingDirectory: folder.path) }

    @Test func aNewFileIsAsTheSystemMakesIt() throws {
        let folder = try TemporaryFolder()
        try Directory.create("\(folder.path)/d")
        let new = try open(folder).statusOfNewFile()
        let made = try open(folder).open(child: "made", flags: O_WRONLY | O_CREAT, mode: 0o666).status()
        #expect(new.mode == made.mode)
        #expect(new.owner == made.owner)
        #expect(try folder.names() == ["d", "made"])
    }

    @Test func namesAreToldApartHere() throws {
        let folder = try TemporaryFolder()
        #expect(try !open(folder).folds("a", "A"))
        #expect(try open(folder).folds("a", "a"))
        #expect(try folder.names().isEmpty)
    }

    @Test func whatMayBeReplacedStaysAsItIs() throws {
        let folder = try TemporaryFolder()
        try folder.write([1], "file")
        try Directory.create("\(folder.path)/empty")
        for name in ["file", "empty", "nothing"] { try open(folder).checkReplaceable(child: name) }
        #expect(try folder.names() == ["empty", "file"])
    }

    @Test func namesThatAreNoTextAreRemovedToo() throws {
        let folder = try TemporaryFolder()
        let name: [CChar] = [0x63, CChar(bitPattern: 0xe9), 0]
        let directory = try open(folder)
        #expect(mkdirat(directory.rawValue, name, 0o700) == 0)
        let entries = try directory.entries()
        #expect(entries.map(\.bytes) == [[0x63, 0xe9]])
        for entry in entries { try directory.removeTree(entry: entry) }
        #expect(try directory.entries().isEmpty)
    }

    @Test func aHoleIsMadeWhereDataWas() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write([UInt8](repeating: 1, count: 1 << 17), "x")
        let file = try Descriptor(opening: path, flags: O_RDWR)
        guard try file.punchHole(0..<65536) else { return }
        #expect(try file.nextData(from: 0)?.lowerBound == 65536)
        #expect(try file.status().size == 1 << 17)
        #expect(Array(try file.readAll(limit: 1 << 20).prefix(65537)) == [UInt8](repeating: 0, count: 65536) + [1])
    }
}
