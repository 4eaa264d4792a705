import Foundation
import TestSupport
import Testing

/// `docs/json.md` is what programs rely on.
@Suite("docs/json.md")
struct JSONDocumentTests {
    private let scene: Scene

    init() async throws {
        scene = try await Scene()
    }

    /// The members of an object and of those within it, the event's own name left out.
    private static func members(of value: Any) -> Set<String> {
        if let list = value as? [Any] { return list.reduce(into: []) { $0.formUnion(members(of: $1)) } }
        guard let object = value as? [String: Any] else { return [] }
        return object.reduce(into: []) { names, member in
            if member.key != "event" { names.insert(member.key) }
            names.formUnion(members(of: member.value))
        }
    }

    /// What stands between backticks, of compound names each part.
    private static func quoted(_ text: some StringProtocol) -> Set<String> {
        let parts = String(text).components(separatedBy: "`").enumerated().filter { $0.offset % 2 == 1 }
        return Set(parts.flatMap { $0.element.components(separatedBy: ".") })
    }

    @Test func `Every event and member that the programs write is described there`() async throws {
        let page = String(decoding: try Files.read(Program.sources + "/docs/json.md"), as: UTF8.self)
        let described = Self.quoted(page)
        let published = try await scene.publish(noise(6 << 16), chunkSize: 1 << 16)
        let tree = try HonestTree(manifest: published.manifest, root: published.root)
        let liar = try await FaultServer.start(certificate: scene.certificates.server) { request, reply in
            guard tree.digest(of: request) != nil else { return try await reply.send(status: "404 No", body: []) }
            try await reply.send(status: "200 OK", body: noise(1 << 16, seed: 9))
        }
        let worker = try await scene.worker(root: published.root)
        let dead = "https://127.0.0.1:\(try freePort())/"
        let got = try await scene.get(
            published.manifest,
            to: scene.path("copy"),
            from: [liar.url, dead, worker.url],
            ["--no-state"]
        )
        _ = try got.done()
        let refused = try await scene.get(published.manifest, to: scene.path("copy2"), from: [dead])
        try Files.patch(scene.path("copy"), at: 9, with: [published.bytes[9] ^ 1])
        let key = try await scene.publisherKey()
        let verify = ["verify", published.manifest, "--publisher-key", key, "--json"]
        let right = try await scene.must(.secure, verify + [published.file], by: .reader)
        let wrong = try await scene.run(.secure, verify + [scene.path("copy")], by: .reader)

        var events: Set<String> = []
        for text in [got.ended.text, refused.ended.text, right.text, wrong.text] {
            for line in text.split(separator: "\n") {
                let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
                let event = try #require(object["event"] as? String)
                events.insert(event)
                #expect(described.contains(event), "\(event)")
                #expect(Self.members(of: object).subtracting(described) == [], "\(line)")
            }
        }
        #expect(
            events.isSuperset(of: ["begin", "source", "finishing", "scanned", "done", "error", "problem", "warning"])
        )
    }

    @Test func `Every event in the sources is described there`() throws {
        let page = String(decoding: try Files.read(Program.sources + "/docs/json.md"), as: UTF8.self)
        for directory in ["/Sources/fdl-secure", "/Sources/FDLCommand"] {
            for path in try Files.list(Program.sources + directory) where path.hasSuffix(".swift") {
                let text = String(decoding: try Files.read(Program.sources + directory + "/" + path), as: UTF8.self)
                for part in text.components(separatedBy: "\"event\": \"").dropFirst() {
                    let event = part.prefix { $0 != "\"" }
                    #expect(page.contains("`\(event)`"), "\(event) in \(path)")
                }
            }
        }
    }

    @Test func `It says who signed: the label of a trusted key, or none of one that was only named`() async throws {
        let published = try await scene.publish(noise(1000))
        let key = try await scene.publisherKey()
        let verify = ["verify", published.manifest, published.file, "--json"]
        func signer(_ ended: Ended) throws -> [String: Any] {
            for line in ended.text.split(separator: "\n") {
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                if object?["event"] as? String == "begin" { return try #require(object?["signer"] as? [String: Any]) }
            }
            throw HarnessError("no begin event\n\(ended.text)")
        }
        let named = try signer(try await scene.must(.secure, verify + ["--publisher-key", key], by: .reader))
        #expect(named["label"] is NSNull)
        try await scene.must(.secure, ["trust", "add", key, "--label", "alice"], by: .reader)
        let trusted = try await scene.must(.secure, verify, by: .reader)
        #expect(try signer(trusted)["label"] as? String == "alice")
        let id = try #require(try signer(trusted)["keyId"] as? String)
        let listed = try await scene.must(.secure, ["trust", "list"], by: .reader)
        #expect(listed.text.hasPrefix(id))
        let text = try await scene.must(.secure, ["verify", published.manifest, published.file], by: .reader)
        #expect(text.errors.contains("signed by alice (key \(id))"))
    }
}
