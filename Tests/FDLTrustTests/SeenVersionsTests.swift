import FDLCore
import FDLCrypto
import FDLSystem
import Glibc
import TestSupport
import Testing

@testable import FDLTrust

@Suite struct SeenVersionsTests {
    private let folder: TemporaryFolder
    private let seen: SeenVersions
    private let name: ManifestName
    private let a: AcceptedPublisher
    private let b: AcceptedPublisher

    init() throws {
        folder = try TemporaryFolder()
        seen = try SeenVersions(directories: folder.directories)
        name = try #require(ManifestName("n"))
        a = AcceptedPublisher(try SecretKey.generate().publicKey)
        b = AcceptedPublisher(try SecretKey.generate().publicKey)
    }

    private func note(_ version: Int64, by publisher: AcceptedPublisher, _ name: ManifestName? = nil) throws {
        try seen.note(
            version,
            SHA256Digest(hashing: [UInt8(version)]),
            of: name ?? self.name,
            by: publisher.keys.map(\.key),
            for: publisher.identity
        )
    }

    private func highest(_ publisher: AcceptedPublisher, _ name: ManifestName? = nil) throws -> Int64? {
        try seen.highest(of: name ?? self.name, for: publisher)?.version
    }

    @Test func `the highest version is kept, for each publisher and name`() throws {
        let other = try #require(ManifestName("other"))
        #expect(try highest(a) == nil)
        try note(5, by: a)
        try note(3, by: a)
        #expect(try highest(a) == 5)
        #expect(try seen.highest(of: name, for: a)?.digest == SHA256Digest(hashing: [5]))
        #expect(try highest(a, other) == nil)
        #expect(try highest(b) == nil)
    }

    @Test func `a name is followed from the first publisher, until that is forgotten`() throws {
        #expect(try seen.publisher(of: name) == nil)
        try seen.follow(a.identity, for: name)
        try seen.follow(b.identity, for: name)
        #expect(try seen.publisher(of: name) == a.identity)
        try note(5, by: a)
        try note(6, by: b)
        #expect(try seen.forget(name))
        #expect(try seen.publisher(of: name) == nil)
        #expect(try highest(a) == nil && highest(b) == nil)
        #expect(try !seen.forget(name))
    }

    @Test func `a publisher that is removed leaves its names to others, and no more`() throws {
        let other = try #require(ManifestName("other"))
        try seen.follow(a.identity, for: name)
        try seen.follow(b.identity, for: other)
        try seen.release(a.identity)
        #expect(try seen.publisher(of: name) == nil)
        #expect(try seen.publisher(of: other) == b.identity)
    }

    @Test(
        arguments: [
            "", "x", "5", "5\n", "5 x y\n", "0 \(digest) \(digest)\n", "05 \(digest) \(digest)\n",
            "5 \(digest) \(digest)", "5 \(digest) \(digest) \n", "5  \(digest) \(digest)\n",
        ]
    )
    func `a record that is damaged is named, and not taken for none`(text: String) throws {
        try note(5, by: a)
        let path = "state/fdl/seen/\(a.identity.fileName)/n"
        try folder.write(Array(text.utf8), path)
        let error = #expect(throws: StateError.self) { try highest(a) }
        #expect(error == .damaged(path: "\(folder.path)/\(path)", name: "n"))
        #expect(error?.failure.hint?.contains("trust forget n") == true)
        #expect(try seen.forget(name))
        #expect(try highest(a) == nil)
    }

    static let digest = String(repeating: "ab", count: 32)

    @Test func `whom a name was followed from is named if it is damaged`() throws {
        try seen.follow(a.identity, for: name)
        try folder.write(Array("nonsense\n".utf8), "state/fdl/names/n")
        #expect(throws: StateError.self) { try seen.publisher(of: name) }
    }

    @Test func `a writer waits for the one before it`() async throws {
        try seen.prepare()
        let lock = try Descriptor(opening: "\(folder.path)/state/fdl/seen/.lock", flags: O_RDWR, mode: 0)
        #expect(try lock.waitForLock())
        let (seen, name, a) = (seen, name, a)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await onOwnThread {
                    try seen.note(5, SHA256Digest(hashing: []), of: name, by: a.keys.map(\.key), for: a.identity)
                }
            }
            // However long it is: nothing is noted before.
            try await Task.sleep(for: .milliseconds(200))
            #expect(try highest(a) == nil)
            #expect(flock(lock.rawValue, LOCK_UN) == 0)
            try await group.waitForAll()
        }
        #expect(try highest(a) == 5)
    }

    @Test func `writers at once keep the highest`() async throws {
        let (seen, name, a) = (seen, name, a)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for version in (1...40 as ClosedRange<Int64>).shuffled() {
                group.addTask {
                    try await onOwnThread {
                        try seen.note(
                            version,
                            SHA256Digest(hashing: []),
                            of: name,
                            by: a.keys.map(\.key),
                            for: a.identity
                        )
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try highest(a) == 40)
    }
}
