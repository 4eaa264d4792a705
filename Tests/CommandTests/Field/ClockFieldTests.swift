import FoundationEssentials
import TestSupport
import Testing

@Suite("From the field: clocks and versions")
struct ClockFieldTests {
    private let scene: Scene
    private let file: String

    init() async throws {
        scene = try await Scene()
        file = scene.path("published/data")
        try Files.write(noise(1_000), to: file)
    }

    private var manifest: String { file + ".manifest.json" }

    /// What faketime takes before the program: the clock alone is wrong, not the times of files or how time passes.
    private static func faking(_ date: String) -> [String] {
        ["-f", date, "env", "NO_FAKE_STAT=1", "DONT_FAKE_MONOTONIC=1"]
    }

    private func sign(_ options: [String] = [], at date: String? = nil) async throws -> Ended {
        let key = try await scene.publisherKey().replacingSuffix(".pub", with: ".key")
        let command = ["manifest", file, "--key", key] + options
        guard let date else { return try await scene.run(.sign, command, by: .publisher) }
        return try await scene.run(
            .system("faketime"),
            Self.faking(date) + [Program.sign.path] + command,
            by: .publisher
        )
    }

    private func version() throws -> Int {
        struct Head: Decodable { let version: Int }
        return try JSONDecoder().decode(Head.self, from: Data(Files.read(manifest))).version
    }

    private func verify() async throws -> Ended {
        let key = try await scene.publisherKey()
        return try await scene.run(.secure, ["verify", manifest, file, "--publisher-key", key], by: .reader)
    }

    /// What a clock of 2106 would make.
    private static let ahead = 4_296_844_800

    @Test(.reported(as: "theupdateframework/python-tuf#12", "theupdateframework/specification#150"))
    func `A version from the future is signed, and readers refuse all that come after`() async throws {
        try await sign(["--version", "\(Self.ahead)"]).failed(64, saying: "\(Self.ahead)")
        #expect(!Files.exists(manifest))
        #expect(try await sign(["--version", "\(Self.ahead)", "--ahead"]).code == 0)
        #expect(try await verify().code == 0)
        try Files.write(noise(1_000, seed: 2), to: file)
        // The one after it is as far ahead.
        let refused = try await sign()
        #expect(refused.code != 0)
        #expect(refused.errors.contains("--ahead"), "\(refused.errors)")
        #expect(try version() == Self.ahead)
        let insisted = try await sign(["--ahead"])
        #expect(insisted.code == 0, "\(insisted.errors)")
        #expect(try version() == Self.ahead + 1)
        #expect((insisted.text + insisted.errors).contains("\(Self.ahead + 1)"), "the version is not said")
        #expect(try await verify().code == 0)
    }

    @Test(
        .fakesTheClock,
        .reported(as: "theupdateframework/python-tuf#12", "theupdateframework/specification#150")
    )
    func `The publisher's clock was set back, and what it signs is older than what readers have`() async throws {
        #expect(try await sign().code == 0)
        let before = try version()
        #expect(try await verify().code == 0)
        try Files.write(noise(1_000, seed: 2), to: file)
        let ended = try await sign(at: "-3h")
        #expect(ended.code == 0, "\(ended.errors)")
        #expect(try version() == before + 1)
        #expect((ended.text + ended.errors).contains("\(before + 1)"), "the version is not said")
        #expect(try await verify().code == 0)
    }

    @Test func `Signed twice within a second, both have the same version`() async throws {
        var last = 0
        for _ in 0..<5 {
            let ended = try await sign()
            #expect(ended.code == 0, "\(ended.errors)")
            #expect(try version() > last)
            last = try version()
        }
    }

    @Test(.fakesTheClock)
    func `A machine without a clock signs as of 1970, and nobody hears of it`() async throws {
        let ended = try await sign(at: "@2001-01-01 00:00:00")
        #expect(ended.code == 0)
        #expect(ended.errors.contains("clock"), "\(ended.errors)")
    }

    @Test(.fakesTheClock)
    func `The reader's clock is wrong, and the publisher is blamed`() async throws {
        #expect(try await sign(["--expires", "90d"]).code == 0)
        let key = try await scene.publisherKey()
        let verify = [Program.secure.path, "verify", manifest, file, "--publisher-key", key]
        let ended = try await scene.run(.system("faketime"), Self.faking("+400d") + verify, by: .reader)
        try ended.failed(65, saying: "expired")
        #expect(ended.errors.contains("clock"), "\(ended.errors)")
    }
}
