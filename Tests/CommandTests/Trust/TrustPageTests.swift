import FDLCore
import FDLCrypto
import TestSupport
import Testing

@Suite("docs/trust.md")
struct TrustPageTests {
    @Test func `Its commands do what it says, one after the other`() async throws {
        let scene = try await Scene()
        let place = scene.path("place")
        try Files.write(noise(1_000), to: place + "/pub/tool.bin")
        try Files.write(noise(1_000, seed: 2), to: place + "/trio/three.bin")
        let page = String(decoding: try Files.read(Program.sources + "/docs/trust.md"), as: UTF8.self)
        let parts = page.split(separator: "## For readers")
        try #require(parts.count == 2)
        for (part, person) in zip(parts, [Scene.Person.publisher, .reader]) {
            if person == .reader {
                try Files.copy(scene.home(of: .publisher) + "/config/fdl/publisher.pub", to: place + "/publisher.pub")
            }
            for block in part.split(separator: "```sh\n").dropFirst() {
                var commands = String(block.prefix(upTo: block.firstRange(of: "```")?.lowerBound ?? block.endIndex))
                if commands.contains("FINGERPRINT") {
                    let first = try Files.read(place + "/pub/publishers/acme/1.json")
                    commands = commands.replacing("FINGERPRINT", with: SHA256Digest(hashing: first).hex)
                }
                let script = "set -e; PATH=\(Program.directory):$PATH; \(commands)"
                let ended = try await scene.run(.system("sh"), ["-c", script], by: person, in: place)
                #expect(ended.code == 0, "\(commands)\(ended.text)\(ended.errors)")
            }
        }
        // Where it ends: three is vouched for as today's statement wants it, and said to be the newest.
        #expect(Files.exists(place + "/trio/three.bin.fresh.json.minisig"))
        let statement = String(decoding: try Files.read(place + "/trio/publishers/trio/5.json"), as: UTF8.self)
        #expect(statement.contains("\"threshold\": 2") && statement.contains("\"maximumAge\": 604800"))
    }

    @Test func `The tests that it names are there`() throws {
        let page = String(decoding: try Files.read(Program.sources + "/docs/trust.md"), as: UTF8.self)
        for name in [
            "\(UpdateAttackTests.self)", "\(TrustPageTests.self)", "\(LiarTests.self)", "\(OutageTests.self)",
            "\(FaultTests.self)",
        ] { #expect(page.contains("`\(name)`"), "\(name)") }
    }
}
