import FDLCore
import Testing

@Suite("The index of a tree's manifests") struct ManifestIndexTests {
    private static func entry(_ name: String, _ version: Int64, _ files: String) throws -> ManifestIndex.Entry {
        ManifestIndex.Entry(name: try #require(ManifestName(name)), version: version, files: files)
    }

    private func parse(_ text: String) -> ManifestIndex? { ManifestIndex(parsing: Array(text.utf8)) }

    @Test func `what is written is what is read`() throws {
        let index = ManifestIndex([
            try Self.entry("a.iso", 7, "files/"), try Self.entry("b", 1, "files/b%20%22%5C/"),
        ])
        #expect(ManifestIndex(parsing: index.encoded()) == index)
        #expect(ManifestIndex(parsing: ManifestIndex([]).encoded())?.entries == [])
        let text = String(decoding: index.encoded(), as: UTF8.self)
        #expect(
            text == """
                {
                  "format": "fdl-index-v1",
                  "manifests": [
                    {"name": "a.iso", "version": 7, "files": "files/"},
                    {"name": "b", "version": 1, "files": "files/b%20%22%5C/"}
                  ]
                }

                """
        )
    }

    @Test func `what does not fit is left out`() throws {
        let entries = try (1...20_000).map { number in
            try Self.entry("a-name-\(number)", Int64(number), "files/a-name-\(number)/")
        }
        let bytes = ManifestIndex(entries).encoded()
        #expect(bytes.count <= ManifestIndex.maximumBytes)
        #expect(bytes.count > ManifestIndex.maximumBytes - 200)
        let read = try #require(ManifestIndex(parsing: bytes))
        #expect(read.entries == Array(entries.prefix(read.entries.count)))
    }

    @Test func `members that are not known are passed over, and entries that cannot be right`() throws {
        let index = parse(
            """
            {"new": [1], "manifests": [
                {"name": "a", "version": 1, "files": "files/", "more": {}}, {"name": "../x", "version": 1, "files": "f/"},
                {"name": "index", "version": 1, "files": "f/"}, {"name": "b", "files": "f/"},
                {"name": "b", "version": 0, "files": "f/"}, {"name": "b", "version": 1, "files": "/f/"},
                {"name": "b", "version": 1, "files": "f"}, {"name": "b", "version": 1, "files": "f%/"}, {}
            ], "format": "fdl-index-v1"}
            """
        )
        #expect(index?.entries == [try Self.entry("a", 1, "files/")])
    }

    @Test(arguments: [
        "", "x", "[]", "{}", "<html></html>", #"{"format": "fdl-index-v2", "manifests": []}"#, #"{"manifests": []}"#,
        #"{"format": "fdl-index-v1", "manifests": {}}"#, #"{"format": "fdl-index-v1", "manifests": [1]}"#,
        #"{"format": "fdl-index-v1", "manifests": []} x"#,
        #"{"format": "fdl-index-v1", "format": "fdl-index-v1", "manifests": []}"#,
    ])
    func `this is no index`(text: String) {
        #expect(parse(text) == nil)
    }

    @Test func `neither is what is larger than any`() {
        let space = [UInt8](repeating: 0x20, count: ManifestIndex.maximumBytes)
        #expect(ManifestIndex(parsing: space + ManifestIndex([]).encoded()) == nil)
    }
}
