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

    @Test func `A hint names the help of the very subcommand, and what an argument may be`() async throws {
        let scene = try await Scene()
        func hint(_ program: Program, _ arguments: String...) async throws -> String {
            try await scene.run(program, arguments, by: .reader).failed([64], saying: []).hint
        }
        #expect(try await hint(.secure, "get", "x", "--nonsense") == "see fdl-secure get --help")
        #expect(try await hint(.secure, "trust", "add").contains("fdl-secure trust add --help"))
        let size = try await hint(.sign, "manifest", "x", "--chunk-size", "3")
        #expect(size.contains("A power of two from 64KiB to 16MiB") && size.contains("fdl-sign manifest --help"))
        #expect(try await hint(.secure, "get", "x", "--compress", "maybe").contains("fdl-secure get --help"))
        let ended = try await scene.run(.secure, ["get", "x", "--compress", "maybe"], by: .reader)
        #expect(ended.errors.contains("auto") && ended.errors.contains("always") && ended.errors.contains("never"))
    }

    /// The same mistake in each verb that can be made there.
    @Test func `The same mistake has the same exit code in each verb`() async throws {
        let scene = try await Scene()
        let published = try await scene.publish(noise(1000))
        let key = ["--publisher-key", try await scene.publisherKey()]
        let verbs = ["get", "verify", "list", "inspect"].map { (Program.secure, $0) } + [(.sign, "verify")]
        for (program, verb) in verbs {
            func code(_ arguments: String...) async throws -> Int32 {
                try await scene.run(program, [verb] + arguments, by: .stranger).code
            }
            #expect(try await code("nothing.json", key[0], key[1]) == 64, "\(verb): no such manifest")
            #expect(try await code(published.manifest, key[0], "nothing.pub") == 78, "\(verb): no such key")
            #expect(try await code(published.manifest) == 65, "\(verb): nobody is trusted")
            #expect(try await code() == 64, "\(verb): no manifest")
            #expect(try await code(published.file, key[0], key[1]) == 65, "\(verb): no signature")
        }
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

    @Test(
        arguments: [
            (Program.secure, ["gte"], "get, verify"), (.sign, ["singn"], "manifest, cosign"),
            (.secure, ["trust", "ad"], "add, "),
        ] as [(Program, [String], String)]
    )
    func `A command that is none is named, whatever follows it`(
        program: Program,
        words: [String],
        names: String
    ) async throws {
        let scene = try await Scene()
        for options in [[], ["https://x.example/", "--pin", "x"]] {
            let ended = try await scene.run(program, words + options, by: .reader)
            let told = try ended.failed([64], saying: ["has no command \(words.last ?? "")"])
            #expect(told.hint.contains(names))
        }
    }

    @Test func `A pin does not hide that the address is none`() async throws {
        let scene = try await Scene()
        let pin = "sha256//" + String(repeating: "A", count: 43) + "="
        let ended = try await scene.run(.secure, ["get", "http://x.example/", "--pin", pin], by: .reader)
        try ended.failed(64, saying: "https://")
    }

    @Test func `A secret key is not taken for a public one`() async throws {
        let scene = try await Scene()
        try await scene.must(.sign, ["keygen", "-o", "k"], by: .reader)
        let ended = try await scene.run(.secure, ["trust", "add", "k.key", "--label", "a"], by: .reader)
        try ended.failed(78, saying: "k.key is a secret key")
    }
}
