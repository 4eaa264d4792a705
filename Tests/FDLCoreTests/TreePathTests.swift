import FDLCore
import Testing

@Suite struct TreePathTests {
    static let hex = "ab" + String(repeating: "0c", count: 31)
    static let chunk = SHA256Digest(hex: hex).map(TreePath.chunk)

    @Test(
        arguments: [
            ("/", .frontPage), ("/healthz", .health), ("/manifests/index.json", .index),
            ("/manifests/a.iso.json", .manifest("a.iso.json")),
            ("/manifests/a.json.minisig", .manifest("a.json.minisig")), ("/chunks/ab/\(hex)", chunk),
            ("/files/a/b-c.d", .file("a/b-c.d")), ("/files/manifests/a.json", .file("manifests/a.json")),
        ] as [(String, TreePath?)]
    )
    func `what is written is what was read`(text: String, path: TreePath?) throws {
        let read = try #require(TreePath(text))
        #expect(read == path)
        #expect("\(read)" == text)
        #expect(read.relative == text.dropFirst())
    }

    @Test(
        arguments: [
            (.manifest("a b.json"), "manifests/a%20b.json"), (.file("100%/é?#"), "files/100%25/%C3%A9%3F%23"),
            (.file("a\u{301}/\u{301}"), "files/a%CC%81/%CC%81"),
        ] as [(TreePath, String)]
    )
    func `what a request line cannot hold is encoded`(path: TreePath, relative: String) {
        #expect(path.relative == relative)
    }

    @Test(arguments: [
        ("a%20b", "a b"), ("%C3%a9/", "é/"), ("", ""), ("%2f", "/"), ("%", nil), ("%4", nil), ("%zz", nil),
        ("%ff", nil),
    ])
    func `percent-encoding is undone`(encoded: String, decoded: String?) {
        #expect(TreePath.percentDecoded(encoded) == decoded)
    }

    @Test(arguments: [
        "", "x", "healthz", "/healthz/", "/health", "//", "/manifests", "/manifests/", "/manifests/a/b.json", "/chunks",
        "/chunks/", "/chunks/ab/", "/chunks/\(hex)", "/chunks/ac/\(hex)", "/chunks/ab/\(hex)/", "/chunks/ab/x/\(hex)",
        "/chunks/AB/\(hex.uppercased())", "/chunks/ab/\(hex)0", "/files", "/files/", "/Files/a", "/manifests\u{301}/a",
        "/\u{301}healthz", "/etc/passwd",
    ])
    func `the tree has no such path`(text: String) {
        #expect(TreePath(text) == nil)
    }

    @Test func `publisher statements and their signatures have paths, and nothing beside them has`() {
        for file in ["1.json", "12.json.minisig", "3.json.0123456789ABCDEF.minisig"] {
            let path = TreePath("/publishers/acme/\(file)")
            #expect(path == .publisher(name: "acme", file: file))
            #expect(path.map { "\($0)" } == "/publishers/acme/\(file)")
        }
        for path in [
            "acme/ann.key", "acme/1.draft.json", "acme/.1.json", "acme/0.json", "acme/x/1.json", "acme/", "1.json",
            "a b/1.json", "acme/1.json/", "../1.json", "acme/12345678901234567.json", "acme/json", "acme/.json",
        ] { #expect(TreePath("/publishers/\(path)") == nil, "\(path)") }
    }
}
