import Glibc
import TestSupport
import Testing

/// System calls that a file system, a container's filter or an old kernel may not have: each fails, each time it is made,
/// with each errno that says so.
@Suite("What a file system cannot do ends no download")
struct NicetyFaultTests {
    private static let codes = ["EPERM", "EINVAL", "ENOSYS", "EOPNOTSUPP", "ENOLCK", "EXDEV"]

    /// A call, and on what of the output it is made.
    struct Operation: Sendable, CustomTestStringConvertible {
        let call: String
        var on: [String] = Paths.all
        var testDescription: String { call }

        enum Paths {
            static let directories = ["", "/copy", "/copy.fdl-part", "/copy.fdl-part/sub", "/copy/sub"]
            static let files = ["data", "sub/run", "zero"].flatMap { ["/copy.fdl-part/\($0)", "/copy/\($0)"] }
            static let all = directories + files + ["/copy.fdl-part/sub/run"]
        }
    }

    /// Without these the bytes arrive all the same.
    private static let niceties = [
        Operation(call: "fchmod"), Operation(call: "flock"), Operation(call: "fsync", on: Operation.Paths.directories),
        Operation(call: "fallocate"), Operation(call: "fstatfs"), Operation(call: "lseek"),
        Operation(call: "sync_file_range"), Operation(call: "renameat2"), Operation(call: "openat2"),
        Operation(call: "statx"),
    ]

    private struct Setting {
        let scene: Scene
        let worker: Worker
        let manifest: String
        let original: String
        var place: String { scene.path("target") }
        var output: String { place + "/copy" }
    }

    private func setting() async throws -> Setting {
        let scene = try await Scene()
        let root = scene.path("published")
        try Files.write(noise(200_000, seed: 1), to: root + "/tree/data")
        try Files.write([UInt8](repeating: 0, count: 131_072), to: root + "/tree/zero")
        try Files.write(noise(1_000, seed: 2), to: root + "/tree/sub/run")
        #expect(chmod(root + "/tree/sub/run", 0o755) == 0)
        let manifest = try await scene.sign(root + "/tree", ["--chunk-size", "64KiB"])
        return Setting(
            scene: scene,
            worker: try await scene.worker(root: root),
            manifest: manifest,
            original: root + "/tree"
        )
    }

    /// A partial folder with one file complete, one with a wrong mode, and data where a hole goes; and another version
    /// under the final name.
    private func prepare(_ setting: Setting) throws {
        try? Files.remove(setting.place)
        try Files.write([1], to: setting.output + "/data")
        try Files.copy(setting.original + "/sub/run", to: setting.output + ".fdl-part/sub/run")
        try Files.write(noise(131_072, seed: 3), to: setting.output + ".fdl-part/zero")
    }

    private func run(_ setting: Setting, _ operation: Operation, _ code: String) async throws -> (Ended, Bool) {
        try prepare(setting)
        let log = setting.scene.path("strace.log")
        try? Files.remove(log)
        var arguments = ["-f", "-qq", "-o", log, "-e", "trace=" + operation.call]
        arguments += operation.on.flatMap { ["-P", setting.place + $0] }
        arguments += ["-e", "inject=\(operation.call):error=\(code)"]
        arguments += [Program.secure.path, "get", setting.manifest, "-o", setting.output, "--json", "--force"]
        arguments += try await setting.scene.acceptance() + ["--server", setting.worker.url]
        let ended = try await setting.scene.run(.system("strace"), arguments, by: .reader)
        return (ended, try String(decoding: Files.read(log), as: UTF8.self).contains("(INJECTED)"))
    }

    private func isRight(_ setting: Setting) async throws -> Bool {
        try await setting.scene.run(.system("diff"), ["-r", setting.original, setting.output], by: .stranger).code == 0
    }

    @Test(arguments: niceties) func `A nicety that is lacking`(operation: Operation) async throws {
        let setting = try await setting()
        for code in Self.codes {
            let (ended, isInjected) = try await run(setting, operation, code)
            #expect(isInjected, "\(operation.call) was not called")
            let result = GetResult(ended)
            _ = try result.done()
            #expect(try await isRight(setting), "\(operation.call) \(code): wrong bytes")
            let lines = result.lines.filter { $0.contains("\"limited\"") }
            switch operation.call {
            case "flock": #expect(lines.count == 1 && lines[0].contains("cannot be locked"), "\(code): \(lines)")
            case "fchmod": #expect(lines.count == 1 && lines[0].contains("executable bit"), "\(code): \(lines)")
            default: #expect(lines.isEmpty, "\(operation.call) \(code): \(lines)")
            }
        }
    }

    @Test func `A sync of a file that fails is never passed over`() async throws {
        let setting = try await setting()
        for code in Self.codes {
            let (ended, isInjected) = try await run(
                setting,
                Operation(call: "fsync", on: ["/copy.fdl-part/data"]),
                code
            )
            #expect(isInjected)
            try GetResult(ended).failed(74, saying: "cannot sync")
            #expect(try Files.read(setting.output + "/data") == [1], "\(code): the old version is gone")
        }
    }
}
