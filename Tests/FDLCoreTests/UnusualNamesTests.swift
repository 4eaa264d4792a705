import Testing

@testable import FDLCore

@Suite struct UnusualNamesTests {
    @Test func ordinaryNamesHaveNoExamples() {
        let paths = [
            "README.md", "a-b/c_d.tar.gz", "lib (2)/x+y,z=1~", ".hidden", "console.log", "comet1", "con2/auxiliary",
        ]
        #expect(UnusualNames.examples(in: paths).isEmpty)
    }

    @Test(arguments: [
        "a:b", "a?", "*", "x|y", "<", ">", "\"q\"", "end.", "end ", "é", "𝄞", "CON", "aux.txt", "Lpt1.x.y", "com9",
        String(repeating: "n", count: 144),
    ])
    func eachWayToBeUnusualHasOne(name: String) {
        #expect(UnusualNames.examples(in: ["a", name, "b/\(name)", name + "/c"]) == [name])
        #expect(UnusualNames.examples(in: ["a/b/\(name)/c/d", "e"]) == ["a/b/\(name)"])
    }

    @Test func oneNameMayBeUnusualInMoreWays() {
        #expect(UnusualNames.examples(in: ["a:b", "a?b", "a:?", "é:", "b:"]) == ["a:b", "a?b", "é:"])
    }
}
