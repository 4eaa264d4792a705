import FDLCore
import FoundationEssentials
import TestSupport
import Testing

@Suite("A year of a publisher's life")
struct YearTests {
    private let scene: Scene
    private let publisher: Publisher
    private let told = SharedMutex<[String]>([])

    init() async throws {
        scene = try await Scene()
        publisher = try Publisher(scene)
    }

    /// Runs a command on a day of the year, and writes down what it says.
    private func on(
        _ day: Int,
        _ what: String,
        _ program: Program,
        _ arguments: [String],
        by person: Scene.Person,
        at clock: String? = nil
    ) async throws -> Ended {
        let ended = try await publisher.run(program, arguments, by: person, at: clock)
        let lines = (ended.text + ended.errors).split(separator: "\n").filter { !$0.hasPrefix("  ") }
        told.withLock { $0 += ["day \(day): \(what) (exit \(ended.code))"] + lines.map { "    \($0)" } }
        return ended
    }

    private func signs(_ day: Int, _ what: String, _ arguments: [String], _ keys: [String]) async throws -> Ended {
        try await on(day, what, .sign, arguments + publisher.keys(keys), by: .publisher, at: Self.clock(day))
    }

    private static func clock(_ day: Int) -> String? { day == 0 ? nil : "+\(day)d" }

    /// The publisher publishes other bytes.
    private func releases(_ day: Int, _ keys: [String], _ what: String = "a release", options: [String] = [])
        async throws
    {
        let file = publisher.root + "/tool.bin"
        try Files.write(noise(1_000, seed: UInt64(day)), to: file)
        _ = try await signs(day, what, ["manifest", file, "--name", "tool"] + options, keys).succeeded()
    }

    @Test(.fakesTheClock)
    func `Keys added, lost and stolen, a threshold raised, freshness, a freeze, and a reader who slept`()
        async throws
    {
        let certificates = scene.path("certificates")
        try await scene.must(.tool("make-certs"), ["--dir", certificates], by: .publisher)
        let worker = try await scene.worker(root: publisher.root, certificate: certificates + "/server.pem")
        let statements = publisher.statements
        // Pauses do not end under a clock that is set: what is read again is read by the real one.
        func gets(_ day: Int, _ person: Scene.Person, _ what: String, isPausing: Bool = false) async throws -> Ended {
            let output = scene.path("\(person.rawValue)-\(day)-\(told.withLock { $0.count })")
            let arguments = [
                "get", worker.url + "manifests/tool.json", "-o", output, "--cacert", certificates + "/ca.pem",
            ]
            return try await on(day, what, .secure, arguments, by: person, at: isPausing ? nil : Self.clock(day))
        }
        func succeeds(_ day: Int, _ person: Scene.Person = .reader) async throws {
            let ended = try await gets(day, person, "the \(person == .reader ? "reader" : "sleeper") gets it")
            try ended.succeeded()
        }

        // Made, and used.
        let first = try await signs(
            0,
            "the publisher begins with two keys",
            ["publisher", "init", "acme", "-o", statements, "--expires", "1y", "--with", publisher.pub("b")],
            ["a"]
        ).succeeded()
        let fingerprint = try #require(
            first.text.split(separator: "\n").first { $0.hasPrefix("fingerprint ") }?.split(separator: " ").last
        )
        try await releases(0, ["a"])
        for person in [Scene.Person.reader, .stranger] {
            let add = ["trust", "add", statements + "/1.json", "--fingerprint", String(fingerprint)]
            _ = try await on(0, "somebody accepts it", .secure, add, by: person).succeeded()
            try await succeeds(0, person)
        }
        // A key is added.
        let add = ["publisher", "add-key", statements, try await publisher.pub("c")]
        _ = try await signs(30, "a key is added", add, ["a", "c"]).succeeded()
        try await releases(30, ["c"])
        try await succeeds(31)
        // One is lost.
        let lost = ["publisher", "remove-key", statements, try await publisher.id("b")]
        _ = try await signs(60, "a key is lost", lost, ["a"]).succeeded()
        try await succeeds(61)
        // One is stolen: the thief signs the highest version.
        let highest = ["--version", "\(Manifest.allowedVersions.upperBound)", "--ahead"]
        try await releases(90, ["a"], "a thief releases", options: highest)
        try await succeeds(90)
        let stolen = ["publisher", "remove-key", statements, try await publisher.id("a")]
        _ = try await signs(91, "the stolen key is removed", stolen, ["c"]).succeeded()
        let refused = try await gets(91, .reader, "the reader gets what the thief left")
        try refused.failed(65, saying: "acme has removed")
        try Files.remove(publisher.root + "/tool.bin.manifest.json")
        try await releases(92, ["c"])
        try await succeeds(92)
        // The threshold is raised.
        let raise = ["publisher", "add-key", statements, try await publisher.pub("d"), "--threshold", "2"]
        _ = try await signs(120, "a key is added, and two have to sign", raise, ["c", "d"]).succeeded()
        try await releases(120, ["c"])
        let single = try await gets(120, .reader, "the reader gets what one has signed", isPausing: true)
        try single.failed(65, saying: "takes 2")
        let cosign = ["cosign", publisher.root + "/tool.bin.manifest.json"]
        _ = try await signs(121, "the other signs too", cosign, ["d"]).succeeded()
        try await succeeds(121)
        // Freshness is on.
        let fresh = [
            "publisher", "add-key", statements, try await publisher.pub("fresh"), "--role", "fresh", "--maximum-age",
            "7d",
        ]
        _ = try await signs(150, "readers want fresh word from now on", fresh, ["c", "d"]).succeeded()
        let refresh = ["refresh", publisher.root, "--for", "7d"]
        _ = try await signs(150, "the server says so", refresh, ["fresh"]).succeeded()
        try await succeeds(151)
        // A worker that freezes.
        let frozen = try await gets(170, .reader, "the reader gets from a worker that stands still")
        try frozen.failed(65, saying: "is 20 days old", "allows 7 days")
        _ = try await signs(170, "the server says so again", refresh, ["fresh"]).succeeded()
        try await succeeds(170)
        // The one who slept walks through all of it.
        try await releases(300, ["c", "d"])
        _ = try await signs(300, "the server says so", refresh, ["fresh"]).succeeded()
        let kept = scene.home(of: .stranger) + "/state/fdl/publishers/\(fingerprint)"
        #expect(((try? Files.list(kept)) ?? []).allSatisfy { !$0.hasSuffix(".json") })
        try await succeeds(301, .stranger)
        #expect(try Files.list(kept).filter { $0.hasSuffix(".json") }.count == 5)
        // The year is nearly over.
        try await releases(360, ["c", "d"])
        _ = try await signs(360, "the server says so", refresh, ["fresh"]).succeeded()
        try await succeeds(360)
        let transcript = told.withLock { $0.joined(separator: "\n") + "\n" }
        if let path = ProcessInfo.processInfo.environment["FDL_TEST_TRANSCRIPT"] {
            try Files.write(Array(transcript.utf8), to: path)
        }
    }
}
