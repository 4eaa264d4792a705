import Testing

@Suite("Usage")
struct UsageTests {
    private static let wrong: [(Program, [String])] = [
        (.sign, ["--nonsense"]), (.sign, ["manifest"]), (.sign, ["manifest", "x", "--source", "http://a/"]),
        (.server, []), (.server, ["--cert", "x", "--max-connections", "0"]),
        (.secure, ["--nonsense"]), (.secure, ["get"]), (.secure, ["get", "x", "--connections", "0"]),
        (.secure, ["get", "x", "--key", "client.key"]), (.secure, ["trust", "add"]),
    ]

    @Test(arguments: wrong.indices)
    func `A wrong command line is told as any other error`(index: Int) async throws {
        let (program, arguments) = Self.wrong[index]
        let ended = try await Scene().run(program, arguments, by: .reader)
        try ended.failed(64)
        #expect(ended.text.isEmpty)
    }

    @Test func `With --json, as an object too`() async throws {
        let ended = try await Scene().run(.secure, ["get", "x", "--json", "--nonsense"], by: .reader)
        let report = try ended.failed([64], saying: ["--nonsense"])
        #expect(ended.text.hasPrefix(#"{"event":"error","code":64,"message":""#))
        #expect(ended.text.contains(report.hint))
    }
}
