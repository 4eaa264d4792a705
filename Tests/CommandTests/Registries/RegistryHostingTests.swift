import TestSupport
import Testing

/// The commands of docs/hosting.md, section Registries, as they stand there.
@Suite("A registry as docs/hosting.md has it")
struct RegistryHostingTests {
    /// The lines of a section that are commands of one of our programs.
    private func commands(of program: String) throws -> [String] {
        let text = String(decoding: try Files.read(Program.sources + "/docs/hosting.md"), as: UTF8.self)
        let section = try #require(text.components(between: "## Registries\n", and: "\n## "))
        let found = section.split(separator: "\n").filter { $0.hasPrefix("    \(program) ") }.map(String.init)
        #expect(!found.isEmpty)
        return found
    }

    @Test func `Signed, published, read by the manifest's word and by the reader's`() async throws {
        let scene = try await Scene()
        let registry = try await RegistryServer.start(in: scene)
        let bytes = noise(3 << 20)
        for person in [Scene.Person.publisher, .reader] { try Files.makeDirectory(scene.home(of: person) + "/here") }
        let file = scene.home(of: .publisher) + "/here/big.iso"
        try Files.write(bytes, to: file)
        func run(_ lines: [String], by person: Scene.Person) async throws {
            let script = lines.map { line in
                line.split(separator: "registry.example", omittingEmptySubsequences: false)
                    .joined(separator: "127.0.0.1:\(registry.port)")
            }
            let program = try scene.start(
                .system("sh"),
                ["-ec", "PATH=$0:$PATH\n" + script.joined(separator: "\n"), Program.directory],
                by: person,
                in: scene.home(of: person) + "/here",
                environment: ["SSL_CERT_FILE": scene.certificates.authority]
            )
            _ = try await program.wait().succeeded()
        }
        try await scene.must(.sign, ["keygen"], by: .publisher)
        try await run(commands(of: "fdl-sign"), by: .publisher)
        let key = scene.home(of: .publisher) + "/config/fdl/publisher.pub"
        try await scene.must(.secure, ["trust", "add", key], by: .reader)
        let place = scene.home(of: .reader) + "/here/big.iso"
        for suffix in [".manifest.json", ".manifest.json.minisig"] { try Files.copy(file + suffix, to: place + suffix) }
        try await run(commands(of: "fdl-secure"), by: .reader)
        #expect(try Files.hold(place, bytes))
        #expect(try Files.hold(scene.home(of: .reader) + "/here/copy.iso", bytes))
    }
}

extension String {
    /// What lies between the first `start` and the next `end`; nil if they are not there.
    fileprivate func components(between start: String, and end: String) -> Substring? {
        guard let first = firstRange(of: start), let last = self[first.upperBound...].firstRange(of: end) else {
            return nil
        }
        return self[first.upperBound..<last.lowerBound]
    }
}
