import TestSupport
import Testing

/// One `get` from every kind of server at once, each having lost some other chunks, while things go on.
@Suite("Published everywhere", .serialized)
struct EverywhereTests {
    enum What: CaseIterable, Sendable {
        case file, folder
    }

    private let scene: Scene

    init() async throws { scene = try await Scene() }

    /// Writes what is published: 1 GiB, or 10,000 files; a hundredth without `--all`.
    /// - Returns: its path, and how it is signed.
    private func make(_ what: What) async throws -> (path: String, options: [String]) {
        let path = scene.path("work/data")
        switch what {
        case .file:
            let mebibytes = runsAll ? 1024 : 8
            try Files.makeDirectory(scene.path("work"))
            try await shell("head -c \(mebibytes)M /dev/urandom >\"$0\"", path)
            return (path, ["--chunk-size", runsAll ? "1MiB" : "64KiB"])
        case .folder:
            for number in 0..<(runsAll ? 10_000 : 100) {
                let size = number % 50 == 0 ? 300_000 : 500 + number % 7 * 3_000
                let file = "\(path)/d\(number % 10)/file \(number)"
                try Files.write(noise(size, seed: UInt64(number + 1)), to: file)
            }
            return (path, ["--chunk-size", "64KiB"])
        }
    }

    private func shell(_ script: String, _ arguments: String...) async throws {
        try await scene.must(.system("sh"), ["-ec", script] + arguments, by: .publisher)
    }

    private func bytes(below path: String) async throws -> Int {
        let ended = try await scene.must(.system("du"), ["-sb", "--apparent-size", path], by: .stranger)
        return try #require(Int(ended.text.prefix { $0.isNumber }))
    }

    @Test(arguments: What.allCases)
    func `Read from all at once, killed, gone on with while a new version comes`(what: What) async throws {
        let places = try await Everywhere(in: scene)
        let (original, options) = try await make(what)
        let size = try await bytes(below: original)
        let first = try await scene.sign(original, options + ["--version", "1"])
        try await places.publish(first, from: original)
        let chunks = try TreeCheck(root: scene.path("store-tree")).chunks.count
        let lost = try await places.loseChunks(max(1, chunks / 40))

        // As it was, for comparison.
        let kept = scene.path("kept")
        try await shell("cp -r \"$0\" \"$1\"", original, kept)
        let output = scene.path("copy")
        func slowly(_ seconds: Int) -> [String] { places.options + ["--limit-rate", "\(max(1, size / seconds))"] }
        let killed = try await scene.startGet(first, to: output, from: places.urls, slowly(4))
        try await killed.writes(size / 4)
        _ = try await killed.kill9()
        #expect(!Files.exists(output))

        let get = try await scene.startGet(first, to: output, from: places.urls, slowly(8))
        try await get.writes(size / 20)
        let changed = what == .file ? original : "\(original)/d0/file 0"
        for offset in [70_000, 140_000] { try Files.patch(changed, at: offset, with: [1, 2, 3, 4, 5, 6, 7, 8]) }
        let second = try await scene.sign(
            original,
            options + ["--version", "2"],
            manifest: scene.path("second.manifest.json")
        )
        try await places.publish(second, from: original)
        let done = try GetResult(try await get.wait()).done()
        #expect(try await scene.areSame(output, kept))
        #expect(done.chunks.reused > 0)
        for url in places.sources {
            let source = try done.source(url)
            #expect(source.chunks > 0, "\(source)")
            #expect(source.corrupt == 0, "\(source)")
        }
        let lacked = done.sources.reduce(0) { $0 + $1.lacked }
        print("\(what): \(size) bytes, \(chunks) chunks, \(lost) lost; \(done.chunks), \(lacked) times lacked")

        // The new one is there, and so is the old one still: its chunks wait for readers.
        let newer = scene.path("newer")
        _ = try await scene.get(second, to: newer, from: places.urls, places.options).done()
        #expect(try await scene.areSame(newer, original))
        let again = scene.path("again")
        let older = try await scene.get(first, to: again, from: places.urls, places.options, by: .stranger).done()
        #expect(try await scene.areSame(again, kept))
        #expect(older.chunks.fetched > 0)
    }
}
