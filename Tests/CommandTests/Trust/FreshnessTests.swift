import FDLCore
import FDLCrypto
import Glibc
import TestSupport
import Testing

@Suite("The word that a manifest is the newest")
struct FreshnessTests {
    private let scene: Scene
    private let publisher: Publisher
    private let worker: Worker

    init() async throws {
        scene = try await Scene()
        publisher = try Publisher(scene)
        let options = [
            "--fresh-key", try await publisher.pub("fresh"), "--maximum-age", "7d", "--expires", "1y",
        ]
        let fingerprint = try await publisher.makeStatement(options)
        _ = try await publisher.pin(fingerprint).succeeded()
        try await publisher.publish(noise(1_000), version: "5")
        worker = try await scene.worker(root: publisher.root)
    }

    private var fresh: String { publisher.root + "/tool.bin.fresh.json" }

    private func refresh(_ options: [String] = [], key: String = "fresh", at date: String? = nil) async throws -> Ended
    {
        let command = ["refresh", publisher.root, "--for", "7d", "--key", try await publisher.key(key)]
        return try await publisher.sign(command + options, at: date)
    }

    @Test(.fakesTheClock)
    func `Fresh word is followed, none and stale word are not`() async throws {
        let missing = try await publisher.get(worker.url).failed(
            [65],
            saying: ["still the newest", "/manifests/tool.fresh.json"]
        )
        #expect(missing.hint.contains("fdl-sign refresh"))
        let said = try await refresh().succeeded()
        #expect(said.text.contains("tool version 5"))
        #expect(
            try Files.list(publisher.root).filter { $0.contains("fresh") } == [
                "tool.bin.fresh.json", "tool.bin.fresh.json.minisig",
            ]
        )
        _ = try await publisher.get(worker.url).succeeded()
        let stale = try await publisher.get(worker.url, at: "+9d")
            .failed([65], saying: ["is 9 days old", "the publisher allows 7 days"])
        #expect(stale.hint.contains("clock"))
        // Without a server, a manifest is what it is.
        _ = try await publisher.verify(publisher.root + "/tool.bin.manifest.json", at: "+9d").succeeded()
        // The publisher's tool says it again.
        _ = try await refresh(at: "+9d").succeeded()
        _ = try await publisher.get(worker.url, at: "+9d").succeeded()
    }

    @Test func `The unit in packaging runs what refreshes`() async throws {
        let unit = String(
            decoding: try Files.read(Program.sources + "/packaging/systemd/fdl-refresh.service"),
            as: UTF8.self
        )
        let start = try #require(unit.split(separator: "\n").first { $0.hasPrefix("ExecStart=") })
        let command = start.dropFirst("ExecStart=".count).replacing("/usr/bin/fdl-sign ", with: "")
            .replacing("/srv/fdl", with: publisher.root)
            .replacing("%d/fresh.key", with: try await publisher.key("fresh"))
        _ = try await publisher.sign(command.split(separator: " ").map(String.init)).succeeded()
        _ = try await publisher.get(worker.url).succeeded()
    }

    @Test func `A worker that freezes is found out`() async throws {
        _ = try await refresh().succeeded()
        let old = try (
            Files.read(publisher.root + "/tool.bin.manifest.json"),
            Files.read(publisher.root + "/tool.bin.manifest.json.minisig")
        )
        try await publisher.publish(noise(1_000, seed: 2), version: "6")
        _ = try await refresh().succeeded()
        try Files.write(old.0, to: publisher.root + "/tool.bin.manifest.json")
        try Files.write(old.1, to: publisher.root + "/tool.bin.manifest.json.minisig")
        try await publisher.get(worker.url).failed(65, saying: "version 6 is the newest", "gives version 5")
    }

    @Test func `A server that holds back the newest statement is found out`() async throws {
        let sign = ["publisher", "sign", publisher.statements, "--expires", "1y"]
        _ = try await publisher.sign(sign + publisher.keys(["a"])).succeeded()
        _ = try await refresh().succeeded()
        for file in ["2.json", "2.json.minisig"] { try Files.remove("\(publisher.statements)/\(file)") }
        try await publisher.get(worker.url).failed(65, saying: "statement is version 2 by now", "none after 1")
    }

    @Test func `Who steals the fresh key changes no byte`() async throws {
        let key = try SecretKey(pem: Files.read(try await publisher.key("fresh")))
        // The thief signs a manifest of other bytes, and says that it is the newest.
        let manifest = try await publisher.publish(noise(1_000, seed: 9), keys: ["fresh"], version: "9")
        let digest = try SHA256Digest(hashing: Files.read(manifest)).hex
        func say(version: Int) throws {
            let text = """
                {"format": "fdl-fresh-v1", "name": "tool", "version": \(version), "sha256": "\(digest)",
                "publisherVersion": 1, "created": "\(UTCTime(secondsSince1970: Int64(time(nil))))",
                "expires": "2099-01-01T00:00:00Z"}
                """
            try Files.write(Array(text.utf8), to: fresh)
            let signature = try MinisignSignature(signing: Array(text.utf8), with: key, trustedComment: "")
            try Files.write(signature.encoded, to: fresh + ".minisig")
        }
        try say(version: 9)
        let id = try await publisher.id("fresh")
        try await publisher.get(worker.url).failed(65, saying: id)
        // A statement cannot be signed with it either.
        let add = ["publisher", "add-key", publisher.statements, try await publisher.pub("thief")]
        let draft = try await publisher.sign(add + publisher.keys(["fresh", "thief"])).succeeded()
        #expect(draft.text.contains("it counts when") && !Files.exists(publisher.statements + "/2.json"))
        // And fdl-sign does not say of such a manifest that it is fresh.
        let refused = try await refresh().failed([65], saying: ["could not be refreshed"])
        #expect(refused.hint.contains("signed as the publisher's last statement wants it"))
    }

    @Test func `Word that is another's, of another manifest, or damaged is refused`() async throws {
        let name = publisher.root + "/tool.bin"
        _ = try await refresh().succeeded()
        let right = try (Files.read(fresh), Files.read(fresh + ".minisig"))
        try await refresh(key: "a").failed(65, saying: "could not be refreshed")
        let signature = try MinisignSignature(
            signing: right.0,
            with: SecretKey(pem: Files.read(try await publisher.key("a"))),
            trustedComment: ""
        )
        try Files.write(signature.encoded, to: fresh + ".minisig")
        try await publisher.get(worker.url).failed(65, saying: "has not named for that")
        try Files.write(right.1, to: fresh + ".minisig")
        try Files.write(right.0.map { $0 == 0x35 ? 0x36 : $0 }, to: fresh)
        try await publisher.get(worker.url).failed(65, saying: "does not match its signature")
        try Files.write(right.0, to: fresh)
        _ = try await publisher.get(worker.url).succeeded()
        // The same version, signed again: other bytes.
        _ = try await publisher.sign(
            ["manifest", name, "--name", "tool", "--version", "5", "--expires", "1y"] + publisher.keys(["a"])
        )
        try await publisher.get(worker.url).failed(65, saying: "newest manifest has the SHA-256")
    }

    @Test func `The newest of each name is refreshed, and what cannot be is told`() async throws {
        let other = publisher.root + "/sub/other.bin"
        let older = publisher.root + "/old.manifest.json"
        try Files.write(noise(100), to: other)
        for options in [["--version", "2", "-o", older], ["--version", "3"]] {
            let sign = ["manifest", other, "--name", "other"] + options
            _ = try await publisher.sign(sign + publisher.keys(["a"])).succeeded()
        }
        _ = try await refresh().succeeded()
        #expect(
            Files.exists(publisher.root + "/sub/other.bin.fresh.json")
                && !Files.exists(publisher.root + "/old.fresh.json")
        )
        // For as long as was said.
        let word = String(decoding: try Files.read(other + ".fresh.json"), as: UTF8.self)
        let times = word.matches(of: /"(?:created|expires)": "([^"]+)"/).compactMap { UTCTime(String($0.1)) }
        try #require(times.count == 2)
        #expect(times[1].secondsSince1970 - times[0].secondsSince1970 == 7 * 86_400)
        // What nobody who counts has signed keeps nothing else from being refreshed.
        let words = [other, publisher.root + "/tool.bin"].map { $0 + ".fresh.json" }
        for word in words { try Files.remove(word) }
        let foreign = ["a", "z", "sub/a", "sub/z"].map { "\(publisher.root)/\($0).bin" }
        for (index, file) in foreign.enumerated() {
            try Files.write(noise(100), to: file)
            let sign = ["manifest", file, "--name", "foreign\(index)"]
            _ = try await publisher.sign(sign + publisher.keys(["thief"])).succeeded()
        }
        try await refresh().failed(65, saying: "4 manifests could not be refreshed")
        #expect(words.allSatisfy(Files.exists) && !foreign.contains { Files.exists($0 + ".fresh.json") })
        for file in foreign { try Files.remove(file + ".manifest.json.minisig") }
        try Files.write(Array("{}".utf8), to: publisher.root + "/bad.json")
        try Files.write([1], to: publisher.root + "/bad.json.minisig")
        let told = try await refresh().failed([65], saying: ["one manifest could not be refreshed"])
        #expect(!told.hint.isEmpty)
        let nothing = ["refresh", scene.path("none"), "--for", "7d", "--publisher", publisher.statements]
        try await publisher.sign(nothing + publisher.keys(["fresh"])).failed([64, 74], saying: ["none"])
    }
}
