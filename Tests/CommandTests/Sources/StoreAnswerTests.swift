import TestSupport
import Testing

/// What object stores answer that a worker would not.
@Suite("Answers of object stores")
struct StoreAnswerTests {
    /// nginx has no chunk that its folder lacks, and says so as a store that does not list its objects.
    @Test func `Two buckets with half of the chunks each, and 403 for the rest`() async throws {
        let scene = try await Scene()
        let published = try await scene.publish(noise(4 << 20, seed: 81), chunkSize: 65_536)
        let tree = try HonestTree(manifest: published.manifest, root: published.root)
        try tree.writeChunks(below: scene.path("all"))
        for (index, digest) in tree.digests.enumerated() {
            let path = "chunks/\(digest.prefix(2))/\(digest)"
            try Files.write(Files.read(scene.path("all/" + path)), to: scene.path("half\(index % 2)/" + path))
        }
        let halves = try await NginxServers.start(in: scene, servers: 2) { _ in
            (0..<2).map { half in
                "root \(scene.path("half\(half)")); error_page 404 =403 /none; location = /none { return 403; }"
            }
        }
        let sources = [halves.url(0), halves.url(1)]
        let done = try await scene.get(published.manifest, to: scene.path("copy"), from: sources).done()
        #expect(try Files.hold(scene.path("copy"), published.bytes))
        for url in sources {
            #expect(try done.source(url).chunks == published.chunkCount / 2)
            #expect(try done.source(url).failed == 0)
        }
    }

    /// What the label says, and whether the body is compressed.
    @Test(arguments: [("aws-chunked", false), ("gzip", false), ("gzip", true), ("x-gzip", true)])
    func `A chunk's label is not what was asked for`(label: String, isCompressed: Bool) async throws {
        let scene = try await Scene()
        let published = try await scene.publish(prose(1 << 20), chunkSize: 65_536)
        let tree = try HonestTree(manifest: published.manifest, root: published.root)
        try tree.writeChunks(below: scene.path("store"))
        if isCompressed {
            let script = #"find . -type f | while read -r path; do gzip -n "$path"; mv "$path.gz" "$path"; done"#
            try await scene.must(.system("sh"), ["-ec", script], by: .publisher, in: scene.path("store"))
        }
        let store = try await NginxServers.start(in: scene) { _ in
            ["root \(scene.path("store")); add_header Content-Encoding \(label);"]
        }
        for compress in ["auto", "never"] {
            let output = scene.path("copy-\(compress)")
            let options = ["--compress", compress]
            let get = try await scene.get(published.manifest, to: output, from: [store.url()], options)
            #expect(try get.done().source(store.url()).failed == 0)
            #expect(try Files.hold(output, published.bytes))
        }
    }
}
