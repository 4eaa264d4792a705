import FDLCore
import Testing

@Suite struct FileNamesTests {
    @Test func `names are made of what they belong to`() throws {
        #expect(FileNames.manifest(of: "a.iso") == "a.iso.manifest.json")
        #expect(FileNames.signature(of: "a.iso.manifest.json") == "a.iso.manifest.json.minisig")
        #expect(FileNames.served(try #require(ManifestName("a.iso"))) == "a.iso.json")
        #expect(FileNames.secretKey("publisher") == "publisher.key" && FileNames.publicKey("p") == "p.pub")
    }

    @Test(arguments: [
        "a.fdl-part", "A.FDL-PART", "a/b.fdl-part", "a.fdl-part/b", "/a/.0123456789abcdef.fdl-part", ".fdl-part",
    ])
    func `what is incomplete is known in any part of a path`(path: String) {
        #expect(FileNames.isPartial(path) && !FileNames.isSecretKey(path))
    }

    @Test(arguments: ["a", "a.fdl-part.txt", "fdl-part", "a.fdl-old", "a.key/b", "a.keys", ""])
    func `other names are nobody's`(path: String) {
        #expect(!FileNames.isPartial(path) && !FileNames.isSecretKey(path))
    }

    @Test(arguments: ["server.key", "a/B.KEY", ".key"])
    func `a secret key is known by its name`(path: String) {
        #expect(FileNames.isSecretKey(path))
    }

    @Test func `what nobody may publish is what we make`() {
        for name in [FileNames.manifest(of: "a"), FileNames.signature(of: FileNames.manifest(of: "a"))] {
            #expect(SafePath.isReserved(name))
        }
        #expect(SafePath.isReserved("a" + FileNames.partialSuffix))
    }
}
