import TestSupport
import Testing

extension RootTests {
    @Suite("fdl-sign publish on file systems of all kinds", .needsRoot("it mounts file systems"))
    struct PublishRootTests {
        @Test(arguments: Volume.Kind.allCases)
        func `A tree, a new version of it, and nothing left over`(kind: Volume.Kind) async throws {
            let scene = try await Scene()
            let (folder, manifest) = try await scene.signedFolder("album", files: 60, ["--version", "1"])
            let volume = try await Volume.mount(kind, in: scene)
            let tree = volume.path + "/tree"
            let first = try await scene.publishTree(manifest, [tree, "--link", "--precompress"]).succeeded()
            // The original lies on another file system: it is told, once, that nothing was linked.
            #expect(first.errors.count(of: "could not be linked and were copied") == 1, "\(first.errors)")
            #expect(try await scene.areSame(folder, tree + "/files/album"))
            try Files.write(noise(150_000, seed: 99), to: folder + "/d1/file 1")
            _ = try await scene.sign(folder, ["--version", "2"])
            try await scene.publishTree(manifest, [tree, "--prune", "--grace", "0"]).succeeded()
            #expect(try await scene.areSame(folder, tree + "/files/album"))
            let check = TreeCheck(root: tree)
            #expect(try await check.wrongChunks(in: scene) == [])
            #expect(try check.chunks == (try #require(try check.manifest("album"))).digests)
            let left = try Files.list(tree + "/.fdl").filter { !$0.hasPrefix(".fuse_hidden") }
            #expect(left == ["lock", "versions"])
        }

        @Test func `A full disk: told, nothing visible, and with room it goes on`() async throws {
            let scene = try await Scene()
            let published = try await scene.publish(noise(6 << 20))
            let volume = try await Volume.mount("mount -t tmpfs -o size=3m none \"$1\"", in: scene)
            let tree = volume.path + "/tree"
            let full = try await scene.publishTree(published.manifest, [tree])
            try full.failed(73, saying: "No space left on device")
            #expect(try Files.list(tree) == [".fdl"])
            // What could not be completed does not fill the disk.
            #expect(try Files.list(tree + "/.fdl") == ["lock"])
            try await scene.must(
                .system("mount"),
                ["-o", "remount,size=64m", volume.path],
                by: .publisher
            )
            try await scene.publishTree(published.manifest, [tree]).succeeded()
            #expect(try Files.hold(tree + "/files/data.bin", published.bytes))
        }

        @Test func `A file system that shares data holds the whole file without a copy`() async throws {
            let scene = try await Scene()
            let volume = try await Volume.mount(.btrfs, in: scene)
            let file = volume.path + "/big"
            try Files.write(noise(40 << 20), to: file)
            let manifest = try await scene.sign(file)
            let tree = volume.path + "/tree"
            try await scene.publishTree(manifest, [tree]).succeeded()
            // Three times 40 MiB would not leave what is left.
            let free = try await scene.must(
                .system("sh"),
                ["-c", "sync -f \"$0\"; stat -f -c '%a %S' \"$0\"", volume.path],
                by: .publisher
            )
            let numbers = free.text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
            print("of 256 MiB of Btrfs free beside a file of 40 MiB, published: \(numbers[0] * numbers[1] >> 20) MiB")
            #expect(try await scene.areSame(file, tree + "/files/big"))
        }
    }
}
