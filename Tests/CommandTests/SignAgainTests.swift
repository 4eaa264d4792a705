import FDLCore
import FoundationEssentials
import TestSupport
import Testing

@Suite("Signing again")
struct SignAgainTests {
    private let scene: Scene
    private let input: String
    private var manifest: String { input + ".manifest.json" }

    init() async throws {
        scene = try await Scene()
        input = scene.path("data.bin")
        try Files.write(noise(1_000), to: input)
    }

    private func sign(_ options: String..., clock: String? = nil) async throws -> Ended {
        let key = try await scene.publisherKey().replacingSuffix(".pub", with: ".key")
        let command = ["manifest", input, "--key", key] + options
        guard let clock else { return try await scene.run(.sign, command, by: .publisher) }
        // Faked times of files change from look to look, as those of a file that is being written.
        let faked = ["NO_FAKE_STAT=1", "faketime", clock, Program.sign.path] + command
        return try await scene.run(.system("env"), faked, by: .publisher)
    }

    private func verify() async throws -> Ended {
        let arguments = ["verify", manifest, input, "--publisher-key", try await scene.publisherKey()]
        return try await scene.run(.secure, arguments, by: .reader)
    }

    private func version() throws -> Int64 { try Manifest(parsing: Files.read(manifest)).version }

    @Test(.fakesTheClock)
    func `The clock went back: the version goes on, the publisher hears of it, and readers follow`() async throws {
        let signed = try await sign(clock: "2026-06-01 12:00:00 UTC")
        #expect(signed.code == 0, "\(signed.errors)")
        let first = try version()
        #expect(try await verify().code == 0)
        let again = try await sign(clock: "2026-06-01 03:00:00 UTC")
        #expect(again.code == 0, "\(again.errors)")
        #expect(try version() == first + 1)
        #expect(again.errors.contains("\(first)") && again.errors.contains("\(first + 1)"))
        #expect(try await verify().code == 0)
    }

    @Test func `A version more than a day ahead of the clock, counted or given, is refused unless insisted upon`()
        async throws
    {
        try await sign("--version", "4296844800").failed(64, saying: "4296844800", "clock")
        #expect(!Files.exists(manifest))
        #expect(try await sign("--version", "4296844800", "--ahead").code == 0)
        #expect(try await verify().code == 0)
        let before = try Files.read(manifest)
        let refused = try await sign().failed([64], saying: ["4296844800", "4296844801", "clock"])
        #expect(refused.hint.contains("--ahead"))
        #expect(try Files.read(manifest) == before)
        #expect(try await sign("--ahead").code == 0)
        #expect(try version() == 4_296_844_801)
        #expect(try await verify().code == 0)
        // Readers say what the publisher has to do about a version that went back.
        try Files.remove(manifest)
        let lower = try await sign()
        #expect(lower.code == 0, "\(lower.errors)")
        let older = try await verify().failed([65], saying: ["4296844801"])
        for part in ["clock", "--version above 4296844801", "--ahead"] { #expect(older.hint.contains(part)) }
    }

    @Test func `A version lower than the earlier one is refused, and the one before is kept`() async throws {
        #expect(try await sign("--version", "7").code == 0)
        let before = try Files.read(manifest)
        try await sign("--version", "6").failed(64, saying: "version 6 is lower than 7")
        #expect(try Files.read(manifest) == before)
        let same = try await sign("--version", "7")
        #expect(same.code == 0 && same.errors.contains("the earlier manifest is version 7 too"))
    }

    @Test func `An earlier manifest that is damaged is told, and replaced`() async throws {
        #expect(try await sign().code == 0)
        try Files.write(Array(Files.read(manifest).dropLast(30)), to: manifest)
        let again = try await sign()
        #expect(again.code == 0)
        #expect(again.errors.contains("cannot be read"))
        #expect(try await verify().code == 0)
    }

    @Test(.fakesTheClock)
    func `A clock before 2020 is said to be wrong`() async throws {
        let first = try await sign(clock: "2019-12-31 12:00:00 UTC")
        #expect(first.code == 0 && first.errors.contains("clock is wrong"), "\(first.errors)")
        #expect(try await sign().code == 0)
        // It is the clock that is wrong now, not the earlier manifest.
        try await sign(clock: "1970-01-02 00:00:00 UTC").failed(64, saying: "clock is wrong", "1970-01-02")
    }

    @Test(.fakesTheClock)
    func `What has expired by a wrong clock is told with the clock`() async throws {
        #expect(try await sign("--expires", "90d").code == 0)
        let key = try await scene.publisherKey()
        let arguments = ["2090-01-01 00:00:00 UTC", Program.secure.path, "verify", manifest, input]
        let ended = try await scene.run(.system("faketime"), arguments + ["--publisher-key", key], by: .reader)
        let told = try ended.failed([65], saying: ["expired"])
        #expect(told.hint.contains("clock") && told.hint.contains("2090"), "\(told.hint)")
    }

    @Test func `A folder's paths that differ by case or spelling alone are told`() async throws {
        let tree = scene.path("tree")
        for name in ["README", "Readme", "sub/e\u{301}", "sub/\u{e9}", "A/x", "a/x", "plain"] {
            try Files.write([1], to: "\(tree)/\(name)")
        }
        let key = try await scene.publisherKey().replacingSuffix(".pub", with: ".key")
        let ended = try await scene.run(.sign, ["manifest", tree, "--key", key], by: .publisher)
        #expect(ended.code == 0, "\(ended.errors)")
        let warnings = ended.errors.split(separator: "\n")
        #expect(warnings.count == 3, "\(ended.errors)")
        for pair in ["\"README\" and \"Readme\"", "\"A\" and \"a\"", "\"sub/e\u{301}\" and \"sub/\u{e9}\""] {
            #expect(warnings.contains { $0.contains(pair) }, "no \(pair) in \(ended.errors)")
        }
    }
}
