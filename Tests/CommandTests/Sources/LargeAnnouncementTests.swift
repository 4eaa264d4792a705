import TestSupport
import Testing

/// Answers that announce 2^62 bytes: nothing is reserved for them, and the download ends soon and in words.
@Suite("Servers that announce 2^62 bytes")
struct LargeAnnouncementTests {
    enum Announcement: String, CaseIterable, Sendable {
        case length, chunked, refusal, range, file

        var head: String {
            let length = "Content-Length: 4611686018427387904\r\n\r\n"
            return switch self {
            case .length, .file: "HTTP/1.1 200 OK\r\n" + length
            case .chunked: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4000000000000000\r\n"
            case .refusal: "HTTP/1.1 404 Not Found\r\n" + length
            case .range:
                "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-65535/4611686018427387904\r\n" + length
            }
        }

        var isOfMirror: Bool { self == .range || self == .file }
    }

    @Test(arguments: Announcement.allCases)
    func `A chunk or a range`(announcement: Announcement) async throws {
        let scene = try await Scene()
        let published = try await scene.publish(noise(1 << 20), chunkSize: 65_536)
        let honest = try await scene.worker(root: published.root)
        let bad = try await FaultServer.start(certificate: scene.certificates.server) { _, reply in
            try await reply.send(announcement.head)
            for _ in 0..<64 { try await reply.send([UInt8](repeating: 7, count: 65_536)) }
            reply.close()
        }
        let role = announcement.isOfMirror ? "--mirror" : "--server"
        let alone = try await scene.get(published.manifest, to: scene.path("alone"), from: [], [role, bad.url])
        try alone.failed(65, 69)
        let output = scene.path("copy")
        let sources = [role, bad.url, "--server", honest.url]
        let done = try await scene.get(published.manifest, to: output, from: [], sources).done()
        #expect(try Files.hold(output, published.bytes))
        #expect(try done.source(bad.url).chunks == 0)
    }

    @Test func `A manifest`() async throws {
        let scene = try await Scene()
        let bad = try await FaultServer.start(certificate: scene.certificates.server) { _, reply in
            try await reply.send(Announcement.length.head)
            while true { try await reply.send([UInt8](repeating: 32, count: 1 << 20)) }
        }
        let result = try await scene.get(bad.url + "manifests/a.json", to: scene.path("copy"), from: [])
        try result.failed(69)
    }
}
