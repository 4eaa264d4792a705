import FDLCore
import TestSupport
import Testing

@testable import FDLPublishing

@Suite struct CompanionDocumentsTests {
    @Test func `further signatures and freshness, by their names in the tree`() throws {
        let folder = try TemporaryFolder()
        let name = try #require(ManifestName("album"))
        let manifest = try folder.write([0], "Album.manifest.json")
        let there: [(file: String, served: String)] = [
            ("Album.manifest.json.0807060504030201.minisig", "album.json.0807060504030201.minisig"),
            ("album.fresh.json", "album.fresh.json"),
            ("album.fresh.json.minisig", "album.fresh.json.minisig"),
        ]
        for (file, _) in there { try folder.write(Array(file.utf8), file) }
        for other in ["Album.manifest.json.minisig", "album.json", "x.fresh.json", "Album.manifest.json.old"] {
            try folder.write([1], other)
        }
        let found = try CompanionDocuments.find(beside: manifest, of: name)
        #expect(Set(found.map(\.name)) == Set(there.map(\.served)))
        for one in found {
            #expect(there.contains { $0.served == one.name && Array($0.file.utf8) == one.bytes })
        }
        // A statement comes after what vouches for it.
        let names = found.map(\.name)
        #expect(names.firstIndex(of: "album.fresh.json.minisig") ?? 9 < names.firstIndex(of: "album.fresh.json") ?? 0)
    }
}
