import TestSupport
import Testing

extension RootTests {
    /// A real file system without room: a small tmpfs, in a mount namespace that goes with the test's programs.
    @Suite("The disk is full", .needsRoot("it mounts a small tmpfs"))
    struct DiskFullTests {
        /// Mounts `$1` small, runs the command that follows, makes room, and runs it again.
        private static let script = """
            set -e
            mount -t tmpfs -o size=3m none "$1"
            shift
            code=0
            "$@" >full.json 2>full.err || code=$?
            echo "$code" >full.code
            ls "$TARGET" >full.list
            mount -o remount,size=64m "$TARGET"
            "$@" >room.json 2>room.err || { cat room.err >&2; exit 1; }
            diff -r "$ORIGINAL" "$TARGET/copy" >&2
            """

        private func run(_ scene: Scene, _ manifest: String, _ original: String, root: String) async throws {
            let worker = try await scene.worker(root: root)
            let target = scene.path("tmpfs")
            try Files.makeDirectory(target)
            let get =
                try await ["get", manifest, "-o", target + "/copy", "--json", "--server", worker.url]
                + scene.acceptance()
            let program = try scene.start(
                .system("unshare"),
                ["-m", "--propagation", "private", "sh", "-c", Self.script, "sh", target, Program.secure.path] + get,
                by: .reader,
                environment: ["TARGET": target, "ORIGINAL": original]
            )
            let ended = try await program.wait()
            #expect(ended.code == 0, "with room: \(ended.errors)")
            func said(_ name: String) throws -> String {
                String(decoding: try Files.read(scene.home(of: .reader) + "/" + name), as: UTF8.self)
            }
            #expect(try said("full.code") == "74\n")
            let errors = try said("full.err")
            #expect(errors.contains("No space left on device"), "\(errors)")
            #expect(errors.contains("hint: make room there"), "\(errors)")
            #expect(!errors.contains("https://"), "a server is blamed: \(errors)")
            let lines = try said("full.json").split(separator: "\n")
            #expect(!lines.contains { $0.contains("\"source\"") || $0.contains("\"corrupt\"") })
            #expect(lines.last?.contains("\"event\":\"error\"") == true)
            #expect(try !said("full.list").split(separator: "\n").contains("copy"))
            #expect(try said("room.json").contains("\"event\":\"done\""))
        }

        @Test func `A file that does not fit: it stops at once and says so; with room it completes`() async throws {
            let scene = try await Scene()
            let published = try await scene.publish(noise(8 << 20), chunkSize: 65_536)
            try await run(scene, published.manifest, published.file, root: published.root)
        }

        @Test func `A folder that does not fit`() async throws {
            let scene = try await Scene()
            let root = scene.path("published")
            for number in 0..<8 { try Files.write(noise(1 << 20, seed: UInt64(number)), to: "\(root)/tree/\(number)") }
            let manifest = try await scene.sign(root + "/tree", ["--chunk-size", "64KiB"])
            try await run(scene, manifest, root + "/tree", root: root)
        }
    }
}
