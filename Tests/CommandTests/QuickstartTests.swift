import TestSupport
import Testing

@Suite("tools/quickstart")
struct QuickstartTests {
    @Test func `A directory without the programs is refused in a sentence`() async throws {
        let scene = try await Scene()
        try await scene.run(.tool("quickstart"), ["--bin", "absent"], by: .reader).failed(64, saying: "absent")
        try await scene.run(.tool("quickstart"), ["--bin", "."], by: .reader).failed(78, saying: "fdl-sign")
        try await scene.run(.tool("quickstart"), ["--size", "much"], by: .reader).failed(64, saying: "much")
    }

    @Test func `It ends in lines a person can read, and leaves nothing`() async throws {
        let scene = try await Scene()
        let temporary = scene.path("tmp")
        try Files.makeDirectory(temporary)
        let program = try scene.start(
            .tool("quickstart"),
            ["--size", "16MiB", "--bin", Program.directory],
            by: .reader,
            environment: ["TMPDIR": temporary]
        )
        let ended = try await program.wait()
        #expect(ended.code == 0, "\(ended.errors)\(ended.text)")
        #expect(ended.text.contains("signed    data.bin, 16MiB, in 16 chunks"))
        #expect(ended.text.count(of: "from      https://127.0.0.1:") == 3)
        #expect(ended.text.count(of: "killed by SIGKILL") == 1)
        #expect(ended.text.contains(", equal"))
        #expect(try Files.list(temporary) == [])
    }
}
