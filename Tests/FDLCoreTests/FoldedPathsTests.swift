import FDLCore
import TestSupport
import Testing

@Suite struct FoldedPathsTests {
    private func pairs(_ paths: [String]) -> [[String]] { FoldedPaths.pairs(in: paths).map { [$0.0, $0.1] } }

    /// By their scalars: Swift takes two normal forms for equal.
    private func spelled(_ pairs: [[String]]) -> [[[UInt32]]] {
        pairs.map { $0.map { $0.unicodeScalars.map(\.value) } }
    }

    @Test func `distinct names make no pair`() {
        #expect(pairs([]).isEmpty)
        #expect(pairs(["a", "b", "a/b", "b/a", "d/a", "e/A"]).isEmpty)
        #expect(pairs(["a", "a"]).isEmpty)
        #expect(pairs(["ı", "i", ".a", "a", " a", "a.b", "ab"]).isEmpty)
    }

    @Test(arguments: [
        ["README", "Readme"], ["a", "a."], ["a", "a "], ["a", "a. ."], ["STRASSE", "stra\u{df}e"],
        ["\u{df}", "\u{1e9e}"], ["k", "\u{212a}"], ["\u{3a3}", "\u{3c2}"], ["\u{3c2}", "\u{3c3}"],
        ["A\u{30a}", "\u{e5}"], ["e\u{301}", "\u{e9}"], ["\u{d6}", "\u{f6}. "],
    ])
    func `names of one file on some file system make a pair`(names: [String]) {
        #expect(spelled(pairs(names)) == spelled([names]))
        #expect(spelled(pairs(names.reversed())) == spelled([names]))
    }

    @Test func `directories are told once and their files not at all`() {
        #expect(pairs(["A/x", "A/y", "a/x", "a/y"]) == [["A", "a"]])
        #expect(pairs(["a/x", "A/y", "A/x", "a/y"]) == [["A", "a"]])
        #expect(pairs(["d/A/x", "d/a./x", "e"]) == [["d/A", "d/a."]])
        #expect(pairs(["A", "a/x"]) == [["A", "a"]])
        #expect(pairs(["d/a/x", "d/a/X", "d/b"]) == [["d/a/X", "d/a/x"]])
    }

    @Test func `each of several is told with the first`() {
        #expect(pairs(["ab", "aB", "Ab", "z", "Z"]) == [["Ab", "aB"], ["Ab", "ab"], ["Z", "z"]])
    }

    @Test func `two hundred thousand paths with one pair among them`() {
        var paths = (0..<200_000).map { "directory/\($0 / 1000)/Some file with a number \($0)" }
        paths.append("directory/150/some FILE with a number 150123.")
        #expect(
            pairs(paths) == [
                ["directory/150/Some file with a number 150123", "directory/150/some FILE with a number 150123."]
            ]
        )
    }

    @Test func `a change of case is always found`() {
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<200 {
            let parts = (0..<3).map { _ in String("abcdefäöé".randomElement(using: &generator) ?? "a") }
            let path = parts.joined(separator: "/")
            let changed = (parts.dropLast() + [parts[2].uppercased()]).joined(separator: "/")
            #expect(spelled(pairs([path, changed])) == spelled([[changed, path]]))
        }
    }
}
