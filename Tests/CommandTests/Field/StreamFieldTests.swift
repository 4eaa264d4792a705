import FoundationEssentials
import TestSupport
import Testing

@Suite("From the field: standard output")
struct StreamFieldTests {
    private let scene: Scene

    init() async throws {
        scene = try await Scene()
    }

    private func commands() async throws -> [[String]] {
        let offer = try await scene.offer(noise(300_000))
        let key = try await scene.publisherKey()
        let output = scene.path("copy")
        _ = try await scene.get(offer, to: output).done()
        return [
            try await scene.getCommand(offer, to: output),
            [Program.secure.path, "verify", offer.manifest, output, "--publisher-key", key, "--json"],
            [Program.secure.path, "trust", "add", key],
            [Program.secure.path, "trust", "list"],
            [Program.sign.path, "verify", offer.manifest, "--publisher-key", key],
            [Program.sign.path, "keygen", "-o", scene.path("pair")],
        ]
    }

    @Test func `What was said to a full disk is lost, and it says that it is done`() async throws {
        for command in try await commands() {
            let ended = try await scene.shell("exec \"$@\" >/dev/full", command)
            try ended.failed(74, saying: "cannot write standard output", "No space left")
        }
    }

    @Test func `A reader that has read enough makes it fail`() async throws {
        for command in try await commands() {
            let ended = try await scene.shell("set -o pipefail; \"$@\" | true", command)
            #expect(ended.code == 0, "\(command): \(ended.errors)")
        }
    }
}
