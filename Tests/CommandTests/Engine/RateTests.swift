import NIOCore
import TestSupport
import Testing

/// The size of the files whose transfer is timed, in bytes.
private let timedSize = 512 << 20

extension TimedTests {
    @Suite("Sources of different speeds together are as fast as their sum")
    struct RateTests {
        @Test func `40, 20, 10 and 1 MB a second give nine tenths of 71`() async throws {
            let scene = try await Scene()
            let file = try await scene.publishLarge(timedSize)
            let worker = try await scene.worker(root: file.root)
            let rates = [40e6, 20e6, 10e6, 1e6]
            var paths: [Relay] = []
            for rate in rates { paths.append(try await Relay.start(to: worker.port, bytesPerSecond: rate)) }
            let output = scene.path("copy")
            let clock = ContinuousClock()
            let start = clock.now
            let result = try await scene.get(file.manifest, to: output, from: paths.map(\.url))
            let time = seconds(clock.now - start)
            let done = try result.done()
            let sum = rates.reduce(0, +)
            let share = Double(file.size) / time / sum
            let chunks = try paths.map { String(try done.source($0.url).chunks) }.joined(separator: " + ")
            print(
                "rates: \(file.size >> 20) MiB in \(rounded(time)) s (\(rounded(done.seconds)) s by its own account), "
                    + "\(rounded(Double(file.size) / sum)) s were possible: \(rounded(share * 100)) % of the sum; "
                    + "chunks \(chunks)"
            )
            #expect(share >= 0.9)
            #expect(try await file.matches(output, in: scene))
        }

        @Test(arguments: [128 << 10, 4 << 20])
        func `A rate limit holds within five percent over ten seconds`(rate: Int) async throws {
            let scene = try await Scene()
            let file = try await scene.publishLarge(10 * rate, ["--chunk-size", "64KiB"])
            let workers = try await scene.workers(2, root: file.root)
            let output = scene.path("copy")
            let options = ["--limit-rate", "\(rate >> 10)K"]
            let done = try await scene.get(file.manifest, to: output, from: workers.map(\.url), options).done()
            let measured = Double(file.size) / done.seconds
            let percent = rounded(measured / Double(rate) * 100)
            print("limit: \(rate >> 10) KiB a second: \(percent) % of the limit over \(rounded(done.seconds)) s")
            #expect(abs(measured / Double(rate) - 1) <= 0.05)
            #expect(try await file.matches(output, in: scene))
        }

        @Test func `Over a round trip of 100 ms, one source gives four fifths of what one long stream gets`()
            async throws
        {
            let scene = try await Scene()
            let file = try await scene.publishLarge(timedSize)
            let worker = try await scene.worker(root: file.root)
            // A rate that leaves the processors idle: the path has to be what both wait for.
            let path = try await Relay.start(to: worker.port, delay: .milliseconds(50), bytesPerSecond: 60e6)
            let clock = ContinuousClock()
            var start = clock.now
            let stream = ["-sS", "--fail", "--cacert", scene.certificates.authority, "-o", scene.path("stream")]
            try await scene.must(.system("curl"), stream + [path.url + "files/" + file.name], by: .stranger)
            let streamTime = seconds(clock.now - start)
            start = clock.now
            let result = try await scene.get(file.manifest, to: scene.path("copy"), from: [path.url])
            let time = seconds(clock.now - start)
            _ = try result.done()
            let share = streamTime / time
            print(
                "delay: \(file.size >> 20) MiB over 100 ms: one stream \(rounded(streamTime)) s, "
                    + "get \(rounded(time)) s: \(rounded(share * 100)) %"
            )
            #expect(share >= 0.8)
            #expect(try await file.matches(scene.path("copy"), in: scene))
        }

        @Test(arguments: [1, 4, 16])
        func `Memory is bounded by connections, not by the file`(connections: Int) async throws {
            let scene = try await Scene()
            let file = try await scene.publishLarge(timedSize / 2)
            let worker = try await scene.worker(root: file.root)
            let get = try await scene.startGet(
                file.manifest,
                to: scene.path("copy"),
                from: [worker.url],
                ["--connections", "\(connections)"]
            )
            let (ended, peak) = try await get.waitWatchingMemory()
            _ = try GetResult(ended).done()
            print("memory: \(connections) connections: \(peak >> 20) MiB resident at most")
            #expect(peak < 160 << 20)
            #expect(try await file.matches(scene.path("copy"), in: scene))
        }
    }
}
