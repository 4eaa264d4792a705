import FDLCore
import TestSupport
import Testing

@testable import FDLClient

@Suite("What people paste") struct PastedURLTests {
    private static func tree(_ url: String, _ path: String? = nil) -> PastedURL.Reading? {
        (try? SourceURL(url)).map { PastedURL.Reading(tree: $0, path: path) }
    }

    @Test(arguments: [
        "https://a.example", "https://a.example/", "https://a.example//", "HTTPS://A.example/", "https://a.example:443",
        "https://a.example:443/", "https://a.example/manifests", "https://a.example/manifests/",
        "https://a.example/manifests/index.json", "https://a.example/manifests/index.json/",
    ])
    func `an address of a tree`(text: String) {
        let pasted = PastedURL(text)
        #expect(pasted.readings == [Self.tree("https://a.example/")])
        #expect(pasted.manifest == nil)
    }

    @Test(arguments: [
        ("https://a.example:8443", "https://a.example:8443/"), ("https://[::1]:8443/", "https://[::1]:8443/"),
        ("https://a.example/pub/", "https://a.example/pub/"),
    ])
    func `with a port, below a path`(text: String, tree: String) {
        #expect(PastedURL(text).readings == [Self.tree(tree)])
        #expect(PastedURL(text).manifest == nil)
    }

    @Test func `a file of a tree, or a folder of them`() {
        let file = PastedURL("https://a.example:8443/files/sub/a%20%C3%A9.iso")
        #expect(file.readings.first == Self.tree("https://a.example:8443/", "sub/a é.iso"))
        #expect(file.manifest == nil)
        #expect(PastedURL("https://a.example/files/ü b").readings.first == Self.tree("https://a.example/", "ü b"))
        #expect(PastedURL("https://a.example/pub/files/x/").readings.first == Self.tree("https://a.example/pub/", "x"))
        #expect(PastedURL("https://a.example/files/").readings.first == Self.tree("https://a.example/"))
        #expect(PastedURL("https://a.example/files").readings.first == Self.tree("https://a.example/"))
        // A tree may lie in a directory of that name.
        #expect(
            PastedURL("https://a.example/files/pub/").readings
                == [Self.tree("https://a.example/", "pub"), Self.tree("https://a.example/files/pub/")]
        )
        let many = PastedURL("https://a.example/" + String(repeating: "files/", count: 1000))
        #expect(many.readings.count == 4)
    }

    @Test(arguments: [
        "https://a.example/manifests/n.json", "https://a.example/n.json", "https://a.example/files/n.manifest.json",
        "https://a.example/x/n.manifest.json", "http://a.example/", "https://a.example/x#f",
        "https://u:p@a.example/", "https://", "https:///x", "a://b", "https://a.example/manifests/latest",
    ])
    func `a manifest's own, or nothing that can be looked for`(text: String) {
        #expect(PastedURL(text).readings == [])
        #expect(PastedURL(text).manifest == text)
    }

    @Test func `a query goes along, and is not shown`() throws {
        let pasted = PastedURL("https://a.example/files/a.iso?sig=secret")
        let first = try #require(pasted.readings.first)
        #expect(first.tree.query?.revealed == "sig=secret")
        #expect(first.path == "a.iso")
        let name = try #require(ManifestName("n"))
        let candidate = ManifestCandidate(tree: first.tree, name: name, path: "")
        #expect(candidate.address == "https://a.example/manifests/n.json?sig=secret")
        #expect(candidate.url == "https://a.example/manifests/n.json")
        #expect(PastedURL("https://a.example/n.json?x").manifest == "https://a.example/n.json?x")
        #expect(PastedURL.origin("https://A.example:8443?x")?.description == "https://a.example:8443")
    }

    @Test func `either`() {
        #expect(PastedURL("https://a.example/manifests/n.json/").manifest == "https://a.example/manifests/n.json")
        let latest = PastedURL("https://a.example/latest")
        #expect(latest.readings == [Self.tree("https://a.example/latest/")])
        #expect(latest.manifest == "https://a.example/latest")
        let data = PastedURL("https://a.example/files/data.json")
        #expect(data.readings == [Self.tree("https://a.example/", "data.json")])
        #expect(data.manifest == "https://a.example/files/data.json")
    }

    /// Whatever is pasted: no crash, and something to try or to say.
    @Test(arguments: 0..<500 as Range<UInt64>)
    func anything(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "https://", "a", "/", "//", "files", "manifests", ".json", "%2f", "%", "é", "\u{301}", ":", "[", "@",
        ]
        let text = (0..<Int.random(in: 0...12, using: &random)).compactMap { _ in pieces.randomElement(using: &random) }
            .joined()
        for text in [text, "https://a/" + text, "https://a" + text] {
            let pasted = PastedURL(text)
            #expect(pasted.manifest != nil || !pasted.readings.isEmpty, "\(text)")
        }
    }
}

@Suite("Which manifest of an index is meant") struct ManifestCandidateTests {
    private func index(_ entries: (String, String)...) throws -> ManifestIndex {
        ManifestIndex(
            try entries.map { ManifestIndex.Entry(name: try #require(ManifestName($0.0)), version: 1, files: $0.1) }
        )
    }

    private func candidates(_ index: ManifestIndex, _ path: String?) throws -> [String] {
        let reading = PastedURL.Reading(tree: try SourceURL("https://a.example/t/"), path: path)
        return ManifestCandidate.all(in: index, for: reading).map { "\($0.name) \($0.path)" }
    }

    @Test func `all, if nothing is said`() throws {
        let index = try index(("a", "files/"), ("b", "elsewhere/"))
        #expect(try candidates(index, nil) == ["a ", "b "])
        let reading = PastedURL.Reading(tree: try SourceURL("https://a.example/t/"), path: nil)
        let first = try #require(ManifestCandidate.all(in: index, for: reading).first)
        #expect(first.url == "https://a.example/t/manifests/a.json")
    }

    @Test func `by where the files lie, and by name`() throws {
        let index = try index(
            ("a.iso", "files/"),
            ("b.iso", "files/"),
            ("music", "files/my%20music/"),
            ("old", "files/my%20music/old/")
        )
        #expect(try candidates(index, "a.iso") == ["a.iso a.iso"])
        #expect(try candidates(index, "my music") == ["music "])
        #expect(try candidates(index, "my music/") == ["music "])
        #expect(try candidates(index, "my music/x/y") == ["music x/y"])
        #expect(try candidates(index, "my music/old/y") == ["old y"])
        #expect(try candidates(index, "c.iso") == ["a.iso c.iso", "b.iso c.iso"])
        #expect(try candidates(index, "my") == ["a.iso my", "b.iso my"])
    }

    @Test func `a folder above those of several`() throws {
        let index = try index(("a", "files/x/a/"), ("b", "files/x/b/"), ("c", "files/y/"))
        #expect(try candidates(index, "x") == ["a ", "b "])
        #expect(try candidates(index, "z") == [])
    }

    @Test func `only a manifest that lists it will do`() throws {
        let manifest = try Manifest.sample("n", [("x/y", [1]), ("z", [2])])
        let tree = try SourceURL("https://a.example/")
        func isCovered(_ path: String) -> Bool {
            ManifestCandidate(tree: tree, name: manifest.name, path: path).isCovered(by: manifest)
        }
        for path in ["", "x", "x/y", "z"] { #expect(isCovered(path), "\(path)") }
        for path in ["y", "x/", "x/y/z", "zz", "x/y\u{301}"] { #expect(!isCovered(path), "\(path)") }
    }
}
