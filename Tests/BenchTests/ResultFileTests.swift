import Testing

@testable import bench

@Suite("Results")
struct ResultFileTests {
    private static let conditions = Conditions(cores: 2, load: 0.25, bytes: 1 << 28, rounds: 3, kernel: "6.1.0-\"x\"")
    private static let result = ResultFile(
        conditions: conditions,
        findings: [
            sample("get", ours: [0.5, 0.25, 1e-7], peer: [1, 2, 3]),
            sample("floor/file", unit: .mebibytes, better: .neither, ours: [48.125], peer: nil),
        ]
    )

    @Test func `What is written is read again`() throws {
        let read = try ResultFile(parsing: Array(Self.result.text.utf8), name: "x.json")
        #expect(read == Self.result)
    }

    @Test func `A file has one line a row, with what follows from its rounds`() {
        let lines = Self.result.text.split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines[1].contains(#""name":"get""#))
        #expect(lines[1].contains(#""ratio":0.125,"paired":0.125"#))
        #expect(lines[2].contains(#""peer":null,"ratio":null,"paired":null,"reach":null,"verdict":null"#))
    }

    @Test func `Fields and rows that a later version adds are passed over`() throws {
        let text = Self.result.text.replacing(#""cores":2"#, with: #""cores":2,"other":[{"a":null}]"#)
            .replacing(#""unit":"MiB""#, with: #""unit":"parsecs","other":true"#)
        let read = try ResultFile(parsing: Array(text.utf8), name: "x.json")
        #expect(read.conditions == Self.conditions)
        #expect(read.findings == [Self.result.findings[0]])
    }

    @Test(arguments: [
        "", "{}", "[]", #"{"format":"fdl-bench-v1"}"#, #"{"format":"fdl-bench-v1","rows":[]}"#,
        #"{"format":"fdl-manifest-v1","rows":[{"name":"a","unit":"s","better":"less","rounds":{"ours":[1]}}]}"#,
        #"{"format":"fdl-bench-v1","rows":[{"name":"a","unit":"s","better":"less","rounds":{"ours":["1"]}}]}"#,
        #"{"format":"fdl-bench-v1","rows":[{"name":"a","unit":"s","better":"less","rounds":{"ours":[1e999]}}]}"#,
    ])
    func `What is no result is refused in words`(text: String) {
        let trouble = #expect(throws: Trouble.self) { try ResultFile(parsing: Array(text.utf8), name: "x.json") }
        #expect(trouble?.message == "x.json is no result of tools/bench")
    }

    @Test func `Other conditions are told, and a load only where it is one`() {
        var other = Self.conditions
        other.load = 0.5
        #expect(other.differences(from: Self.conditions).isEmpty)
        other.load = 3
        other.bytes = 1 << 30
        other.cores = 4
        #expect(
            other.differences(from: Self.conditions) == ["cores 2 → 4", "size 256 MiB → 1 GiB", "load 0.3 → 3.0"]
        )
    }
}
