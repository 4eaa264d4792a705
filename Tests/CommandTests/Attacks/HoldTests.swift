import FDLTLS
import Glibc
import TestSupport
import Testing

/// What a worker has to stand. At full size with `tools/test --all`, which is a tenth or less here.
@Suite("A worker holds")
struct HoldTests {
    private let scene: Scene
    private let published: Published
    private let worker: Worker

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(prose(200_000), chunkSize: 65_536)
        try Files.write(noise(64 << 20), to: published.root + "/big.bin")
        worker = try await scene.worker(root: published.root, ["--address-limit", "3000"])
    }

    private var onlooker: Onlooker { Onlooker(scene: scene, worker: worker, published: published) }

    /// Opens so many, a few at a time.
    private func open(_ count: Int, from address: String) async throws -> [RawConnection] {
        let context = try TLSContext.client(
            TLSClientConfiguration(trustRoots: .pem(try Files.read(scene.certificates.authority)))
        )
        var clients: [RawConnection] = []
        while clients.count < count {
            clients += try await withThrowingTaskGroup(of: RawConnection.self) { group in
                for _ in 0..<min(50, count - clients.count) {
                    group.addTask { [worker] in
                        let client = try await RawConnection.open(to: worker.port, context, from: address, keeps: false)
                        try await client.ready()
                        return client
                    }
                }
                return try await group.reduce(into: [RawConnection]()) { $0.append($1) }
            }
        }
        return clients
    }

    @Test func `with slow headers and slow readers, for a minute at full size`() async throws {
        let count = isFullSize ? 1000 : 100
        let before = try worker.program.descriptors()
        var writers = try await open(count, from: "127.0.0.2")
        var readers = try await open(count, from: "127.0.0.3")
        for reader in readers {
            try await reader.stopReading()
            reader.push("GET /files/big.bin HTTP/1.1\r\nHost: a\r\n\r\n")
        }
        for writer in writers { writer.push("GET /files/data.bin HTTP/1.1\r\nHost: a\r\nX: ") }
        for round in 0..<(isFullSize ? 60 : 3) {
            for writer in writers { writer.push("x") }
            try await onlooker.fetches("round \(round)")
            try await Task.sleep(for: .seconds(1))
        }
        // A header has 20 seconds, however it drips.
        if isFullSize { #expect(writers.count(where: \.isOpen) == 0) }
        if !Sanitizer.isUsed { #expect(try worker.program.statusNumber("VmRSS") < 600_000) }
        for client in readers + writers { try await client.tear() }
        (readers, writers) = ([], [])
        try await eventually("all descriptors are given back") {
            try worker.program.descriptors() <= before ? () : nil
        }
    }

    @Test(arguments: [UInt64(20261129)])
    func `against malformed requests from a seeded generator`(seed: UInt64) async throws {
        var requests = MalformedRequests(seed: seed)
        let before = try worker.program.descriptors()
        let rounds = isFullSize ? 2000 : 20
        for round in 0..<rounds {
            let texts = (0..<50).map { _ in requests.next() }
            let clients = try await open(10, from: "127.0.0.2")
            for (number, text) in texts.enumerated() { clients[number % clients.count].push(text) }
            for client in clients { try await client.close() }
            guard round % max(1, rounds / 10) == 0 else { continue }
            try await onlooker.fetches("seed \(seed), round \(round)")
        }
        try await onlooker.fetches("seed \(seed), at the end")
        try await eventually("all descriptors are given back") {
            try worker.program.descriptors() <= before ? () : nil
        }
    }

    @Test func `connects, clean and torn`() async throws {
        let before = try worker.program.descriptors()
        for round in 0..<(isFullSize ? 200 : 10) {
            let clients = try await open(25, from: "127.0.0.2")
            var bare: [RawConnection] = []
            for _ in 0..<25 { bare.append(try await RawConnection.open(to: worker.port, nil, from: "127.0.0.3")) }
            for (number, client) in (clients + bare).enumerated() {
                if number % 2 == 0 { try await client.close() } else { try await client.tear() }
            }
            if round % 20 == 0 { try await onlooker.fetches("round \(round)") }
        }
        try await eventually("all descriptors are given back") {
            try worker.program.descriptors() <= before ? () : nil
        }
        try await onlooker.fetches("at the end")
    }

    @Test func `without growth, a day's worth of requests at full size`() async throws {
        let clients = try await open(8, from: "127.0.0.2")
        let batch = 500
        let text = String(
            repeating: "GET /files/data.bin HTTP/1.1\r\nHost: a\r\nRange: bytes=5-99\r\n\r\n",
            count: batch
        )
        func round(_ number: Int) async throws {
            for client in clients { client.push(text) }
            let expected = number * batch * 95
            for client in clients {
                try await eventually("the answers come") { client.receivedBytes > expected ? () : nil }
            }
        }
        for number in 1...2 { try await round(number) }
        try await worker.program.atRest()
        let (memory, descriptors) = (try worker.program.statusNumber("VmRSS"), try worker.program.descriptors())
        for number in 3...(isFullSize ? 250 : 8) { try await round(number) }
        try await worker.program.atRest()
        let growth = try worker.program.statusNumber("VmRSS") - memory
        if !Sanitizer.isUsed { #expect(growth < 8192, "\(growth) KiB") }
        // A look at the tree, which has one open for a moment, may be under way.
        try await eventually("as many are open as before") {
            try worker.program.descriptors() <= descriptors ? () : nil
        }
        try await onlooker.fetches("at the end")
    }
}

extension TimedTests {
    @Suite("A client that vanishes")
    struct VanishingTests {
        @Test func `amid a body frees its descriptors within a second`() async throws {
            let scene = try await Scene()
            let published = try await scene.publish(prose(100_000), chunkSize: 65_536)
            try Files.write(noise(64 << 20), to: published.root + "/big.bin")
            let worker = try await scene.worker(root: published.root)
            let before = try worker.program.descriptors()
            var clients: [RawConnection] = []
            for _ in 0..<20 {
                let client = try await RawConnection.open(to: worker, in: scene, keeps: false)
                try await client.ready()
                try await client.stopReading()
                try await client.send("GET /files/big.bin HTTP/1.1\r\nHost: a\r\n\r\n")
                clients.append(client)
            }
            try await worker.program.atRest()
            #expect(try worker.program.descriptors() >= before + 40)
            for client in clients { try await client.tear() }
            let began = ContinuousClock.now
            try await eventually("all descriptors are given back") {
                try worker.program.descriptors() <= before ? () : nil
            }
            #expect(ContinuousClock.now - began < .seconds(1))
        }
    }
}
