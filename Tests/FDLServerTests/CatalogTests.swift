import FDLCore
import FDLCrypto
import FDLSystem
import Foundation
import TestSupport
import Testing

@testable import FDLServer

@Suite("The catalog")
struct CatalogTests {
    private func published(
        _ path: String,
        _ manifest: Manifest,
        base: String = "",
        isSigned: Bool = true
    ) -> PublishedManifest {
        PublishedManifest(path: path, manifest: manifest, base: base, isSigned: isSigned)
    }

    @Test func `signed comes before unsigned, higher before deeper, newer before older`() throws {
        func named(_ version: Int64) throws -> Manifest { try Manifest.sample("x", version: version, [("f", [1])]) }
        let ranked = [
            published("x.manifest.json", try named(2)), published("old.manifest.json", try named(1)),
            published("up/x.manifest.json", try named(9)), published("up/deep/x.manifest.json", try named(99)),
            published("y.manifest.json", try named(999), isSigned: false),
            published("up/y.manifest.json", try named(9999), isSigned: false),
        ]
        for seed in UInt64(1)...20 {
            var random = SeededGenerator(seed: seed)
            let catalog = Catalog(ranked.shuffled(using: &random))
            #expect(catalog.manifests.map(\.path) == ranked.map(\.path), "seed \(seed)")
            #expect(catalog.path(ofManifest: "x.json") == "x.manifest.json")
            #expect(
                catalog.passedOver.map(\.path) == ranked.dropFirst(2).map(\.path)
            )
            #expect(catalog.passedOver.allSatisfy { $0.preferred == "x.manifest.json" })
        }
    }

    @Test func `finds every chunk of every file`() throws {
        let root = try TemporaryRoot()
        let files = [("a", root.noise(200_000)), ("b", root.noise(65_536)), ("empty", []), ("c", root.noise(1))]
        let catalog = Catalog([
            published("x.manifest.json", try Manifest.sample("x", files), base: "x/")
        ])
        for (path, bytes) in files {
            for (number, chunk) in sampleChunks(bytes).enumerated() {
                let expected = Catalog.ChunkPlace(
                    path: "x/\(path)",
                    fileSize: Int64(bytes.count),
                    offset: Int64(number) << 16,
                    length: chunk.count
                )
                #expect(catalog.places(ofChunk: SHA256Digest(hashing: chunk)) == [expected])
            }
        }
        #expect(catalog.places(ofChunk: SHA256Digest(hashing: [UInt8]("nothing".utf8))) == [])
    }

    @Test func `remembers a few files of a chunk that many have, and one place of each`() throws {
        let zeros = [UInt8](repeating: 0, count: 10 << 16)
        let files = (0..<10).map { ("f\($0)", zeros) }
        let catalog = Catalog([published("x.manifest.json", try Manifest.sample("x", files))])
        let places = catalog.places(ofChunk: SHA256Digest(hashing: [UInt8](repeating: 0, count: 1 << 16)))
        #expect(places.map(\.path) == ["f0", "f1", "f2", "f3"])
    }

    @Test func `the newest version has the name, and the file that both name`() throws {
        let root = try TemporaryRoot()
        let (old, new, kept) = (root.noise(1000), root.noise(1000), root.noise(1000))
        let catalog = Catalog([
            published("1.manifest.json", try Manifest.sample("x", version: 1, [("f", old), ("kept", kept)])),
            published("2.manifest.json", try Manifest.sample("x", version: 2, [("f", new)])),
        ])
        #expect(catalog.path(ofManifest: "x.json") == "2.manifest.json")
        #expect(catalog.path(ofManifest: "x.json.minisig") == "2.manifest.json.minisig")
        #expect(catalog.path(ofManifest: "1.manifest.json") == "1.manifest.json")
        #expect(catalog.path(ofManifest: "3.manifest.json") == nil)
        #expect(catalog.places(ofChunk: SHA256Digest(hashing: new)).count == 1)
        #expect(catalog.places(ofChunk: SHA256Digest(hashing: kept)).count == 1)
        #expect(catalog.places(ofChunk: SHA256Digest(hashing: old)).isEmpty)
    }

    @Test func `manifests of different names may share a file`() throws {
        let root = try TemporaryRoot()
        let bytes = root.noise(1000)
        let catalog = Catalog([
            published("1.manifest.json", try Manifest.sample("x", [("f", bytes)])),
            published("2.manifest.json", try Manifest.sample("y", version: 9, [("f", bytes)])),
        ])
        #expect(catalog.places(ofChunk: SHA256Digest(hashing: bytes)).map(\.path) == ["f", "f"])
    }

    @Test func `a private key's chunks are found only where its manifest is signed`() throws {
        let root = try TemporaryRoot()
        let bytes = root.noise(100)
        let manifest = try Manifest.sample("x", [("server.key", bytes)])
        for isSigned in [true, false] {
            let catalog = Catalog([published("x.manifest.json", manifest, base: "x/", isSigned: isSigned)])
            #expect(catalog.places(ofChunk: SHA256Digest(hashing: bytes)).isEmpty == !isSigned)
            #expect(catalog.isSigned("x/server.key") == isSigned)
            #expect(!catalog.isSigned("server.key"))
        }
    }
}

@Suite("Finding manifests")
struct CatalogScannerTests {
    private static let later: Int64 = 1 << 62

    private func write(_ root: TemporaryRoot, _ path: String, _ manifest: Manifest) throws {
        try root.write(path, manifest.encoded())
    }

    @Test func `a file's manifest lies beside it, a folder's beside the folder`() throws {
        let root = try TemporaryRoot()
        let bytes = root.noise(10)
        try root.write("one.bin", bytes)
        try write(root, "one.bin.manifest.json", Manifest.sample("one.bin", [("one.bin", bytes)]))
        try root.write("deep/folder/sub/two.bin", bytes)
        try write(root, "deep/folder.manifest.json", Manifest.sample("folder", [("sub/two.bin", bytes)]))
        // Written elsewhere than by default: the name says the folder; or the files lie beside the manifest.
        try root.write("elsewhere/album/three.bin", bytes)
        try write(root, "elsewhere/v2.manifest.json", Manifest.sample("album", [("three.bin", bytes)]))
        try root.write("inside/four.bin", bytes)
        try write(root, "inside/list.manifest.json", Manifest.sample("inside", [("four.bin", bytes)]))

        var scanner = CatalogScanner(root: try ServedRoot(root.path))
        let (catalog, notices) = try scanner.scan(now: Self.later)
        let bases = Dictionary(uniqueKeysWithValues: catalog.manifests.map { ($0.path, $0.base) })
        #expect(
            bases == [
                "one.bin.manifest.json": "", "deep/folder.manifest.json": "deep/folder/",
                "elsewhere/v2.manifest.json": "elsewhere/album/", "inside/list.manifest.json": "inside/",
            ]
        )
        #expect(notices.count == 4)
    }

    @Test func `a folder with one file is not taken for that file`() throws {
        let root = try TemporaryRoot()
        try root.write("folder/a", [1])
        try write(root, "folder.manifest.json", Manifest.sample("folder", [("a", [1])]))
        var scanner = CatalogScanner(root: try ServedRoot(root.path))
        #expect(try scanner.scan(now: Self.later).catalog.manifests.map(\.base) == ["folder/"])
    }

    @Test func `notices what comes, changes and goes`() throws {
        let root = try TemporaryRoot()
        try root.write("sub/a", [1])
        let served = try ServedRoot(root.path)
        var scanner = CatalogScanner(root: served)
        #expect(scanner.isOutdated)
        #expect(try scanner.scan(now: Self.later).catalog.manifests.isEmpty)
        #expect(!scanner.isOutdated)

        try write(root, "sub/a.manifest.json", Manifest.sample("a", version: 1, [("a", [1])]))
        #expect(scanner.isOutdated)
        #expect(try scanner.scan(now: Self.later).catalog.manifests.map(\.manifest.version) == [1])
        #expect(!scanner.isOutdated)

        try write(root, "sub/a.manifest.json", Manifest.sample("a", version: 22, [("a", [1])]))
        #expect(scanner.isOutdated)
        #expect(try scanner.scan(now: Self.later).catalog.manifests.map(\.manifest.version) == [22])

        try root.write("sub/a.manifest.json", [UInt8]("{".utf8))
        let broken = try scanner.scan(now: Self.later)
        #expect(broken.catalog.manifests.isEmpty)
        guard case .unreadable(path: "sub/a.manifest.json", _) = try #require(broken.notices.first) else {
            Issue.record("the broken manifest is not told of")
            return
        }
        #expect(try scanner.scan(now: Self.later).notices.isEmpty)

        try root.remove("sub/a.manifest.json")
        #expect(scanner.isOutdated)
        #expect(try scanner.scan(now: Self.later).notices == [.gone(path: "sub/a.manifest.json")])
    }

    @Test func `looks again while a directory's time could still stand for a later change`() throws {
        let root = try TemporaryRoot()
        var scanner = CatalogScanner(root: try ServedRoot(root.path))
        _ = try scanner.scan(now: WallClock.nanoseconds)
        #expect(scanner.isOutdated)
    }

    @Test func `a directory dated in the future does not mean a walk at every look`() throws {
        let root = try TemporaryRoot()
        try root.write("sub/a", [1])
        let future = Date(timeIntervalSince1970: 4_000_000_000)
        for name in ["", "/sub"] {
            try FileManager.default.setAttributes([.modificationDate: future], ofItemAtPath: root.path + name)
        }
        var scanner = CatalogScanner(root: try ServedRoot(root.path))
        _ = try scanner.scan(now: WallClock.nanoseconds)
        #expect(!scanner.isOutdated)
    }

    @Test func `any JSON file with a signature beside it is taken for a manifest`() throws {
        let root = try TemporaryRoot()
        try write(root, "v2.json", Manifest.sample("album", [("a", [1])]))
        try root.write("v2.json.minisig", [1])
        try root.write("v2/a", [1])
        try root.write("data.json", [UInt8]("{}".utf8))
        var scanner = CatalogScanner(root: try ServedRoot(root.path))
        let (catalog, notices) = try scanner.scan(now: Self.later)
        #expect(catalog.manifests.map(\.path) == ["v2.json"])
        #expect(catalog.manifests.map(\.base) == ["v2/"])
        #expect(catalog.path(ofManifest: "album.json.minisig") == "v2.json.minisig")
        #expect(notices.count == 1)
    }

    @Test func `a directory that cannot be searched hides only what is in it, and is told of once`() throws {
        let root = try TemporaryRoot()
        try root.makeTooDeep()
        try write(root, "a.manifest.json", Manifest.sample("a", [("a", [1])]))
        var scanner = CatalogScanner(root: try ServedRoot(root.path))
        let (catalog, notices) = try scanner.scan(now: Self.later)
        #expect(catalog.manifests.count == 1)
        let unreadable = notices.filter { if case .fault = $0 { true } else { false } }
        #expect(unreadable.count == 1)
        #expect(try scanner.scan(now: Self.later).notices.isEmpty)
    }

    @Test func `passes over what is hidden and what is a link`() throws {
        let root = try TemporaryRoot()
        let manifest = try Manifest.sample("a", [("a", [1])])
        try write(root, ".git/a.manifest.json", manifest)
        try write(root, ".manifest.json", manifest)
        try write(root, "folder.fdl-part/a.manifest.json", manifest)
        try root.link("link.manifest.json", to: "\(root.path)/.git/a.manifest.json")
        try root.link("out", to: "/")
        var scanner = CatalogScanner(root: try ServedRoot(root.path))
        let (catalog, notices) = try scanner.scan(now: Self.later)
        #expect(catalog.manifests.isEmpty)
        #expect(notices.isEmpty)
    }

    @Test func `says that a private key is not served`() throws {
        let root = try TemporaryRoot()
        try write(root, "f.manifest.json", Manifest.sample("f", [("a/server.key", [1]), ("b", [2])]))
        var scanner = CatalogScanner(root: try ServedRoot(root.path))
        let notices = try scanner.scan(now: Self.later).notices
        #expect(notices.contains(.neverServed(path: "a/server.key", manifest: "f.manifest.json")))
        #expect(notices.count == 2)
    }
}
