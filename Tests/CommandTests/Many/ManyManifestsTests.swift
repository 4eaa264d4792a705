import TestSupport
import Testing

@Suite("Several manifests, and where they go")
struct ManyManifestsTests {
    private let scene: Scene

    init() async throws {
        scene = try await Scene()
    }

    private func three() async throws -> (manifests: [String], worker: Worker) {
        let root = scene.path("published")
        var manifests: [String] = []
        for number in 1...3 {
            try Files.write(noise(100_000, seed: UInt64(number)), to: root + "/\(number).bin")
            manifests.append(try await scene.sign(root + "/\(number).bin"))
        }
        return (manifests, try await scene.worker(root: root))
    }

    @Test func `Several come one after the other into a directory`() async throws {
        let (manifests, worker) = try await three()
        try Files.makeDirectory(scene.path("into"))
        let options = try await ["-d", scene.path("into"), "--server", worker.url] + scene.acceptance()
        let ended = try await scene.must(.secure, ["get"] + manifests + options, by: .reader)
        for number in 1...3 {
            #expect(try Files.hold(scene.path("into/\(number).bin"), noise(100_000, seed: UInt64(number))))
            #expect(ended.errors.contains("/\(number).bin: 97.7 KiB verified in"))
        }
    }

    @Test func `One that fails is named, the others come, and its exit code is the program's`() async throws {
        let (manifests, worker) = try await three()
        try Files.makeDirectory(scene.path("into"))
        let options = try await ["-d", scene.path("into"), "--server", worker.url, "--json"] + scene.acceptance()
        try Files.patch(manifests[1], at: 30, with: Array("~".utf8))
        let result = GetResult(try await scene.run(.secure, ["get"] + manifests + options, by: .reader))
        try result.failed(65, saying: "1 of 3 manifests")
        #expect(result.lines.contains { $0.contains(#""event":"failed""#) && $0.contains("2.bin") })
        #expect(Files.exists(scene.path("into/1.bin")) && Files.exists(scene.path("into/3.bin")))
        #expect(!Files.exists(scene.path("into/2.bin")))
    }

    @Test func `-o DIR/ is a place for a file; one -o for several is refused`() async throws {
        let (manifests, worker) = try await three()
        let acceptance = try await scene.acceptance()
        try Files.makeDirectory(scene.path("into"))
        let options = ["-o", scene.path("into/"), "--server", worker.url] + acceptance
        try await scene.must(.secure, ["get", manifests[0]] + options, by: .reader)
        #expect(Files.exists(scene.path("into/1.bin")))
        try await scene.run(.secure, ["get"] + manifests + options, by: .reader).failed(64, saying: "3 manifests")
        for wrong in [["-o", "-", "-d", "x"], ["-o", "-", "--keep-manifest"], ["-o", "-", "--update"], ["-d", ""]] {
            try await scene.run(.secure, ["get", manifests[0]] + wrong + acceptance, by: .reader).failed(64)
        }
    }

    @Test func `A dry run says what would be fetched and reused, and changes nothing`() async throws {
        let published = try await scene.publish(noise(8 << 16), chunkSize: 1 << 16)
        let output = scene.path("copy")
        let command =
            try await ["get", published.manifest, "-o", output] + scene.acceptance()
            + ["--server", "https://127.0.0.1:\(try freePort())/"]
        let none = try await scene.must(.secure, command + ["--dry-run"], by: .reader)
        #expect(none.errors.contains("512 KiB would be fetched in 8 chunks, 0 B reused"))
        #expect(none.errors.contains("it needs 512 KiB of room"))
        #expect(!Files.exists(output) && !Files.exists(output + ".fdl-part"))
        // Two chunks are here, and a seed has two more.
        var partial = noise(8 << 16, seed: 99)
        partial[..<(2 << 16)] = published.bytes[..<(2 << 16)]
        try Files.write(partial, to: output + ".fdl-part")
        var seed = noise(8 << 16, seed: 98)
        seed[(3 << 16)..<(5 << 16)] = published.bytes[(3 << 16)..<(5 << 16)]
        try Files.write(seed, to: scene.path("seed"))
        let some = try await scene.must(
            .secure,
            command + ["--dry-run", "--seed", scene.path("seed"), "--json"],
            by: .reader
        )
        #expect(some.text.contains(#""finished":false,"fetchedChunks":4,"fetchedBytes":262144,"reusedBytes":262144"#))
        #expect(some.text.contains(#""neededBytes":393216"#))
        #expect(try Files.hold(output + ".fdl-part", partial))
        // What is there as it should be, and what is in the way.
        try Files.write(published.bytes, to: output)
        let all = try await scene.must(.secure, command + ["--dry-run"], by: .reader)
        #expect(all.errors.contains("is there already, nothing would be fetched"))
        try Files.write(seed, to: output)
        try await scene.run(.secure, command + ["--dry-run"], by: .reader).failed(73, saying: "exists")
    }

    @Test func `The manifest that is kept beside an output verifies it and serves it`() async throws {
        let published = try await scene.publish(noise(300_000))
        let worker = try await scene.worker(root: published.root)
        let place = scene.path("kept")
        try Files.makeDirectory(place)
        let options = try await ["-d", place, "--keep-manifest", "--server", worker.url] + scene.acceptance()
        try await scene.must(.secure, ["get", published.manifest] + options, by: .reader)
        let manifest = place + "/data.bin.manifest.json"
        #expect(try Files.read(manifest) == Files.read(published.manifest))
        let key = try await scene.publisherKey()
        let verify = ["verify", manifest, place + "/data.bin", "--publisher-key", key]
        try await scene.must(.secure, verify, by: .reader)
        let second = try await scene.worker(root: place)
        _ = try await scene.get(second.url + "manifests/data.bin.json", to: scene.path("again"), from: []).done()
        #expect(try Files.hold(scene.path("again"), published.bytes))
        // What is no manifest stays.
        try Files.write(Array("mine".utf8), to: place + "/x.manifest.json")
        let other = ["-o", "x"] + options
        try await scene.run(.secure, ["get", published.manifest] + other, by: .reader).failed(73, saying: "no manifest")
        #expect(try Files.read(place + "/x.manifest.json") == Array("mine".utf8))
    }
}
