import TestSupport
import Testing

/// A download ends while its connections still say goodbye, each on its event loop.
@Suite("The end of get")
struct ExitTests {
    @Test func `Two hundred short downloads from eight workers: none crashes on its way out`() async throws {
        let scene = try await Scene()
        let published = try await scene.publish(noise(4_096), chunkSize: 65_536)
        let workers = try await scene.workers(8, root: published.root)
        for round in 0..<200 {
            let output = scene.path("copy \(round)")
            _ = try await scene.get(published.manifest, to: output, from: workers.map(\.url)).done()
            #expect(try Files.hold(output, published.bytes))
        }
    }
}
