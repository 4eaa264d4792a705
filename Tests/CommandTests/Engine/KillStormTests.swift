import FoundationEssentials
import Glibc
import Testing
import TestSupport

/// The reader's own program is ended by SIGKILL, again and again.
@Suite("Two hundred kills lose nothing that was verified")
struct KillStormTests {
    private static let kills = 200
    private static let chunkSize = 65_536

    /// What the storm did.
    private struct Tally {
        var kills = 0
        var requests = 0
        var keptChunks = 0
        var files = 0
        var killsWithFinalName = 0
    }

    @Test func `No chunk on disk is fetched again, and the bytes are right in the end`() async throws {
        let scene = try await Scene()
        let published = try await scene.publish(noise(6 << 20), chunkSize: Self.chunkSize)
        let tree = try HonestTree(manifest: published.manifest, root: published.root)
        let worker = try await FaultServer.start(certificate: scene.certificates.server) { request, reply in
            try await tree.answer(request, reply)
        }
        // Slow enough that a file takes many runs.
        let path = try await Relay.start(to: worker.port, bytesPerSecond: 4e6)
        let chunkOf = Dictionary(uniqueKeysWithValues: tree.digests.enumerated().map { ($1, $0) })
        var moments = SeededGenerator(seed: 2_026)
        var tally = Tally()
        // A file may be complete before all kills are spent: the storm goes on with the next one.
        while tally.kills < Self.kills {
            tally.files += 1
            let output = scene.path("copy-\(tally.files)")
            var isComplete = false
            while !isComplete, tally.kills < Self.kills {
                let before = try held(by: output + ".fdl-part", published)
                let seen = worker.requests.count
                let get = try await scene.startGet(published.manifest, to: output, from: [path.url])
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...450, using: &moments)))
                let ended = try await get.kill9()
                let asked = chunks(worker.requests[seen...], chunkOf)
                #expect(asked.isDisjoint(with: before), "a chunk that was on disk was fetched again")
                try checkScan(ended, before.count)
                tally.requests += asked.count
                tally.keptChunks += before.count
                isComplete = ended.code == 0 || Files.exists(output)
                if ended.code == 128 + SIGKILL {
                    tally.kills += 1
                    if isComplete { tally.killsWithFinalName += 1 }
                } else {
                    #expect(ended.code == 0, "\(ended.errors)")
                }
                #expect(try isComplete || held(by: output + ".fdl-part", published).isSuperset(of: before))
            }
            if isComplete { #expect(try Files.read(output) == published.bytes) }
            try await finish(scene, published, output, worker, chunkOf)
        }
        print(
            "kill storm: \(tally.kills) kills over \(tally.files) files, \(tally.requests) chunks asked for, "
                + "\(tally.killsWithFinalName) kills behind the rename"
        )
    }

    /// The run that is left alone.
    private func finish(
        _ scene: Scene,
        _ published: Published,
        _ output: String,
        _ worker: FaultServer,
        _ chunkOf: [String: Int]
    ) async throws {
        let isComplete = Files.exists(output)
        let before = isComplete ? Set(0..<published.chunkCount) : try held(by: output + ".fdl-part", published)
        let seen = worker.requests.count
        let done = try await scene.get(published.manifest, to: output, from: [worker.url]).done()
        #expect(chunks(worker.requests[seen...], chunkOf).isDisjoint(with: before))
        #expect(done.chunks.reused == before.count)
        #expect(try Files.read(output) == published.bytes)
        #expect(!Files.exists(output + ".fdl-part"))
    }

    /// The chunks that some requests asked for.
    private func chunks(_ requests: ArraySlice<FaultServer.Request>, _ chunkOf: [String: Int]) -> Set<Int> {
        Set(requests.compactMap { $0.target.split(separator: "/").last.flatMap { chunkOf[String($0)] } })
    }

    /// What a run said that it found is what we found before it.
    private func checkScan(_ ended: Ended, _ expected: Int) throws {
        struct Scanned: Decodable {
            let event: String
            let reused: Int
        }
        for line in ended.text.split(separator: "\n") where line.contains("\"scanned\"") && line.hasSuffix("}") {
            #expect(try JSONDecoder().decode(Scanned.self, from: Data(line.utf8)).reused == expected)
        }
    }

    /// The chunks that a file holds rightly.
    private func held(by path: String, _ published: Published) throws -> Set<Int> {
        guard Files.exists(path) else { return [] }
        let found = try Files.read(path)
        var held: Set<Int> = []
        let count = found.count
        found.withUnsafeBytes { found in
            published.bytes.withUnsafeBytes { right in
                guard let found = found.baseAddress, let right = right.baseAddress else { return }
                for chunk in 0..<published.chunkCount {
                    let start = chunk * published.chunkSize
                    let end = min(start + published.chunkSize, published.bytes.count)
                    if end <= count, memcmp(found + start, right + start, end - start) == 0 { held.insert(chunk) }
                }
            }
        }
        return held
    }
}
