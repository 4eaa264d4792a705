import TestSupport
import Testing

@Suite("From the field: which product it is")
struct ProductFieldTests {
    private let scene: Scene
    private let root: String
    private let worker: Worker
    private let options: [String]

    init() async throws {
        scene = try await Scene()
        root = scene.path("published")
        for name in ["router", "toaster"] {
            try Files.write(Array(name.utf8), to: "\(root)/\(name).bin")
            _ = try await scene.sign("\(root)/\(name).bin", ["--name", name], manifest: "\(root)/\(name).json")
        }
        // What is asked for as router is the signed manifest of the toaster.
        for suffix in ["", ".minisig"] {
            try Files.remove("\(root)/router.json\(suffix)")
            try Files.write(try Files.read("\(root)/toaster.json\(suffix)"), to: "\(root)/router.json\(suffix)")
        }
        worker = try await scene.worker(root: root)
        options = try await scene.acceptance()
    }

    private func run(_ arguments: String...) async throws -> Ended {
        try await scene.run(.secure, arguments + options, by: .reader)
    }

    @Test func `Another product of the same publisher comes under the address of the one asked for`() async throws {
        let address = worker.url + "manifests/router.json"
        let output = scene.path("copy")
        for verb in [["get", address, "-o", output], ["verify", address, root + "/toaster.bin"]] {
            let ended = try await scene.run(.secure, verb + options, by: .reader)
            let failed = try ended.failed([65], saying: ["router was asked for", "manifest of toaster"])
            #expect(failed.hint.contains("--name toaster"))
        }
        #expect(!Files.exists(output))
        #expect(try await run("get", address, "-o", output, "--name", "toaster").code == 0)
        #expect(try Files.hold(output, Array("toaster".utf8)))
    }

    @Test func `A file's name says another product than its manifest`() async throws {
        let file = root + "/router.json"
        let output = scene.path("copy")
        try await run("get", file, "-o", output, "--name", "router", "--server", worker.url).failed(
            65,
            saying: "toaster"
        )
        #expect(!Files.exists(output))
        let done = try await run("get", file, "-o", output, "--server", worker.url)
        #expect(
            done.code == 0 && done.errors.contains("note: router.json is the manifest of toaster"),
            "\(done.errors)"
        )
        // An output that is named for the product that is not in it.
        let named = try await run("get", root + "/toaster.json", "-o", scene.path("router.bin"), "--server", worker.url)
        #expect(named.code == 0 && named.errors.contains("router.bin is toaster"), "\(named.errors)")
        let plain = try await run("verify", root + "/toaster.json", output)
        #expect(plain.code == 0 && !plain.errors.contains("note:"), "\(plain.errors)")
    }
}
