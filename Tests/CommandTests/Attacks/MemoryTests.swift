import Glibc
import TestSupport
import Testing

extension TimedTests {
    /// What a connection can make the worker hold. In `TimedTests`, since memory is measured.
    @Suite("Attack: memory for clients that read nothing")
    struct MemoryAttackTests {
        private let scene: Scene
        private let published: Published
        private let worker: Worker

        init() async throws {
            scene = try await Scene()
            published = try await scene.publish(prose(4_000), chunkSize: 65_536)
            try Files.write(noise(64 << 20), to: published.root + "/big.bin")
            worker = try await scene.worker(root: published.root, ["--send-timeout", "600"])
        }

        /// A request without its end, for a path.
        private static func request(_ path: String, _ fields: String = "", method: String = "GET") -> String {
            "\(method) \(path) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"
        }

        private static func times(_ count: Int, _ text: String) -> String { String(repeating: text, count: count) }

        /// What is sent at once, by name.
        static let patterns: [String: String] = {
            let many = isFullSize ? 14_000 : 1_000
            let big = request("/files/big.bin")
            let small = request("/files/data.bin")
            let ranges = (0..<2000).map { "\($0)-\($0)" }.joined(separator: ",")
            let field = "X-Y: \(times(1000, "z"))\r\n"
            return [
                "a big file": big,
                "a big file, then small ones": big + times(many, small),
                "small files": times(many, small),
                "pages": times(many, request("/healthz")),
                "heads": times(many, request("/healthz", method: "HEAD")),
                "nothing there": times(many, request("/x")),
                "ranges": times(many, request("/files/big.bin", "Range: bytes=7-99999\r\n")),
                "many ranges": times(30, request("/files/big.bin", "Range: bytes=\(ranges)\r\n")),
                "large headers": big + times(50, request("/x", times(30, field))),
                "a header without end": "GET /x HTTP/1.1\r\nHost: a\r\nX-Y: " + times(32_000, "z"),
            ]
        }()

        @Test(arguments: patterns.keys.sorted())
        func `at most 256 KiB a connection, given back afterwards`(pattern: String) async throws {
            let count = 40
            let text = try #require(Self.patterns[pattern])
            let onlooker = Onlooker(scene: scene, worker: worker, published: published)
            // Once for what is made once: buffers of each loop, code, caches, and what the allocator keeps for the next.
            try await onlooker.fetches("before")
            try await attack(count, text)
            try await worker.program.atRest()
            let before = try worker.program.statusNumber("VmRSS")
            let held = try await attack(count, text)
            try await onlooker.fetches("meanwhile")
            try await worker.program.atRest()
            let after = try worker.program.statusNumber("VmRSS")
            print("memory: \(pattern): \(held) KiB a connection, \(after - before) KiB left")
            #expect(held <= 256, "\(held) KiB a connection")
            #expect(after - before <= count * 64, "\(after - before) KiB are left")
        }

        /// - Returns: what each connection takes, in KiB.
        @discardableResult
        private func attack(_ count: Int, _ text: String) async throws -> Int {
            try await worker.program.atRest()
            let before = try worker.program.statusNumber("VmRSS")
            var clients: [RawConnection] = []
            for _ in 0..<count {
                let client = try await RawConnection.open(to: worker, in: scene, from: "127.0.0.2", keeps: false)
                try await client.ready()
                try await client.stopReading()
                client.push(text)
                clients.append(client)
            }
            try await worker.program.atRest()
            let held = try worker.program.statusNumber("VmRSS") - before
            for client in clients { try await client.tear() }
            try await eventually("all are gone") { try worker.program.descriptors() < 60 ? () : nil }
            return held / count
        }
    }

    @Suite("The time for draining")
    struct DrainTests {
        @Test(arguments: [1, 3])
        func `is kept to the second, though a client reads nothing`(seconds: Int) async throws {
            let scene = try await Scene()
            let published = try await scene.publish(prose(100_000), chunkSize: 65_536)
            try Files.write(noise(64 << 20), to: published.root + "/big.bin")
            let worker = try await scene.worker(root: published.root, ["--drain-timeout", "\(seconds)"])
            let client = try await RawConnection.open(to: worker, in: scene, keeps: false)
            try await client.ready()
            try await client.stopReading()
            try await client.send("GET /files/big.bin HTTP/1.1\r\nHost: a\r\n\r\n")
            let silent = try await RawConnection.open(to: worker.port, nil)
            try await worker.program.atRest()
            let began = ContinuousClock.now
            let ended = try await worker.stop()
            let taken = ContinuousClock.now - began
            #expect(ended.code == 0)
            #expect(taken >= .seconds(seconds) && taken < .seconds(seconds + 1), "\(taken)")
            try await silent.ended()
            #expect(ended.errors.contains("connections are cut"))
        }
    }
}
