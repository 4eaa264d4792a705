import FDLCore
import TestSupport
import Testing

@Suite("Whom a reader accepts, and for what")
struct TrustStoreTests {
    private let scene: Scene
    private let file: String
    private var manifest: String { file + ".manifest.json" }
    private let key: String

    init() async throws {
        scene = try await Scene()
        file = scene.path("published/tool.bin")
        try Files.write(noise(1_000), to: file)
        key = try await scene.publisherKey()
        _ = try await scene.sign(file, ["--name", "tool"])
    }

    private func trust(_ arguments: String...) async throws -> Ended {
        try await scene.run(.secure, ["trust"] + arguments, by: .reader)
    }

    private func verify(_ options: String...) async throws -> Ended {
        try await scene.run(.secure, ["verify", manifest, file] + options, by: .reader)
    }

    /// Signs the same product with the stranger's key.
    private func signByStranger() async throws {
        let key = try await scene.publisherKey(by: .stranger).replacingSuffix(".pub", with: ".key")
        try await scene.must(.sign, ["manifest", file, "--name", "tool", "--key", key], by: .stranger)
    }

    @Test func `A key has no fingerprint to be compared with`() async throws {
        let ended = try await trust("add", key, "--fingerprint", String(repeating: "0", count: 64))
        let hint = try ended.failed([64], saying: ["is no publisher statement"]).hint
        #expect(hint.contains("--fingerprint"))
        #expect(try await !trust("list").succeeded().text.contains("RW"))
    }

    @Test func `A second publisher cannot answer for the first one's product`() async throws {
        let stranger = try await scene.publisherKey(by: .stranger)
        _ = try await trust("add", key, "--label", "maker").succeeded()
        _ = try await trust("add", stranger, "--label", "other").succeeded()
        _ = try await verify().succeeded()
        let ours = try (Files.read(manifest), Files.read(manifest + ".minisig"))
        try await signByStranger()
        let refused = try await verify().failed([65], saying: ["tool is signed by other", "followed from maker"])
        #expect(refused.hint.contains("--publisher") && refused.hint.contains("trust forget tool"))
        // Named for this time, it is followed this time.
        _ = try await verify("--publisher", "other").succeeded()
        _ = try await verify("--publisher-key", stranger).succeeded()
        try await verify().failed(65, saying: "followed from maker")
        try await verify("--publisher", "maker").failed(65, saying: "not among the trusted publishers")
        try await verify("--publisher", "nobody").failed(64, saying: "nobody")
        // And for good, if the reader says so.
        _ = try await trust("forget", "tool").succeeded()
        _ = try await verify().succeeded()
        try Files.write(ours.0, to: manifest)
        try Files.write(ours.1, to: manifest + ".minisig")
        try await verify().failed(65, saying: "tool is signed by maker", "followed from other")
        // Who is removed leaves the names to the others.
        _ = try await trust("remove", "other").succeeded()
        _ = try await verify().succeeded()
    }

    @Test func `A publisher that is accepted for some names answers for no other`() async throws {
        let added = try await trust("add", key, "--label", "maker", "--for", "acme-*").succeeded()
        #expect(added.text.contains("for acme-*"))
        #expect(try await trust("list").succeeded().text.contains("maker, for acme-*"))
        try await verify().failed(65, saying: "maker is accepted for acme-*", "manifest of tool")
        _ = try await trust("add", key, "--label", "maker", "--for", "acme-*", "--for", "tool").succeeded()
        _ = try await verify().succeeded()
        try await trust("add", key, "--for", "a/b").failed(64, saying: "a/b")
    }

    @Test func `A bad file among the trusted keys is named and passed over`() async throws {
        _ = try await trust("add", key, "--label", "maker").succeeded()
        let bad = scene.home(of: .reader) + "/config/fdl/trusted/bad.pub"
        try Files.write(Array("nonsense".utf8), to: bad)
        for ended in [try await verify().succeeded(), try await trust("list").succeeded()] {
            #expect(ended.errors.contains("warning: passed over: \(bad) is not a minisign public key"))
        }
        #expect(try await trust("remove", "bad").succeeded().text.contains("removed bad"))
        #expect(try await !verify().succeeded().errors.contains("warning"))
    }

    @Test func `Removing a label says where the same key stays`() async throws {
        _ = try await trust("add", key, "--label", "one").succeeded()
        _ = try await trust("add", key, "--label", "two").succeeded()
        #expect(try await trust("remove", "one").succeeded().text.contains("still accepted as two"))
        _ = try await verify().succeeded()
        #expect(try await !trust("remove", "two").succeeded().text.contains("still"))
        try await verify().failed(65, saying: "not among the trusted publishers")
    }

    /// 32 bytes that are no Ed25519 key, and what is said of them.
    static let keysThatAreNone: [(point: String, said: String)] = [
        ("01" + String(repeating: "00", count: 31), "small order"),
        (String(repeating: "00", count: 32), "small order"),
        ("ec" + String(repeating: "ff", count: 30) + "7f", "small order"),
        ("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85", "small order"),
        ("02" + String(repeating: "00", count: 31), "not on the curve"),
        ("ed" + String(repeating: "ff", count: 30) + "7f", "not on the curve"),
    ]

    @Test(arguments: keysThatAreNone.indices)
    func `A key that is none is refused when it is added`(index: Int) async throws {
        let (point, said) = Self.keysThatAreNone[index]
        let bytes = try stride(from: 0, to: 64, by: 2).map { offset in
            try #require(UInt8(point.dropFirst(offset).prefix(2), radix: 16))
        }
        let line = Base64.encode(Array("Ed12345678".utf8) + bytes)
        let path = scene.path("none.pub")
        try Files.write(Array("untrusted comment: none\n\(line)\n".utf8), to: path)
        try await trust("add", path).failed(78, saying: said)
        try await trust("add", line).failed([64, 78], saying: [])
        try await verify("--publisher-key", path).failed(78, saying: said)
        #expect(!Files.exists(scene.home(of: .reader) + "/config/fdl/trusted"))
        let other = scene.path("other.pub")
        let otherLine = Base64.encode(Array("XX12345678".utf8) + bytes)
        try Files.write(Array("untrusted comment: x\n\(otherLine)\n".utf8), to: other)
        try await trust("add", other).failed(78, saying: "not an Ed25519 key")
    }
}
