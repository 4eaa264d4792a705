import Testing

@testable import FDLCore

@Suite struct GlobTests {
    @Test(
        arguments: [
            ("*.iso", "a.iso", true), ("*.iso", "deep/er/a.iso", true), ("*.iso", "a.iso.txt", false),
            ("/a.iso", "a.iso", true), ("/a.iso", "deep/a.iso", false), ("docs/*", "docs/a", true),
            ("docs/*", "docs/a/b", true), ("docs/*", "other/docs/a", false), ("docs/", "docs/a/b", true),
            ("docs", "docs/a/b", true), ("docs", "x/docs/a", true), ("docs", "docsx", false),
            ("docs/**", "docs/a/b", true), ("docs/**", "docs", false), ("docs/**/b", "docs/b", true),
            ("docs/**/b", "docs/x/y/b", true), ("docs/**/b", "docs/x/y/c", false), ("**", "anything/at/all", true),
            ("a?c", "abc", true), ("a?c", "ac", false), ("a?c", "a例c", true), ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false), ("[^a-c]x", "dx", true), ("[]]x", "]x", true), ("[a-]x", "-x", true),
            (#"\*"#, "*", true), (#"\*"#, "a", false), ("*", "", false), ("*a*b*", "xxaxxbxx", true),
            ("*a*b*", "xxbxxaxx", false), ("A", "a", false),
        ]
    )
    func matches(pattern: String, path: String, isMatch: Bool) throws {
        #expect(try #require(Glob(pattern)).matches(path) == isMatch)
    }

    @Test(arguments: ["", "/", "a//b", "[a", "[]", "[z-a]", #"a\"#, "[!"])
    func refuses(pattern: String) {
        #expect(Glob(pattern) == nil)
    }

    /// A pattern that takes shells minutes takes no time here.
    @Test func stars() throws {
        let glob = try #require(Glob(String(repeating: "a*", count: 200) + "b"))
        #expect(!glob.matches(String(repeating: "a", count: 250)))
        let deep = try #require(Glob(String(repeating: "**/a/", count: 100) + "b"))
        #expect(!deep.matches(String(repeating: "a/", count: 300) + "c"))
    }
}
