import TestSupport
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

    @Test func `A manifest is fetched over https and no other way`() async throws {
        let ended = try await Scene().run(.secure, ["get", "http://a.example/manifests/n.json"], by: .reader)
        try ended.failed(64, saying: "does not begin with https://")
    }

    @Test func `verify follows the link that it is given`() async throws {
        let scene = try await Scene()
        let published = try await scene.publish(noise(1000), as: "x.bin")
        let link = scene.path("link")
        try await scene.must(.system("ln"), ["-s", published.file, link], by: .publisher)
        let arguments = ["verify", published.manifest, link, "--publisher-key", try await scene.publisherKey()]
        let ended = try await scene.run(.secure, arguments, by: .reader)
        #expect(ended.code == 0, "\(ended.errors)")
    }

    @Test func `With --json, as an object too`() async throws {
        let ended = try await Scene().run(.secure, ["get", "x", "--json", "--nonsense"], by: .reader)
        let report = try ended.failed([64], saying: ["--nonsense"])
        #expect(ended.text.hasPrefix(#"{"event":"error","code":64,"message":""#))
        #expect(ended.text.contains(report.hint))
    }
}
