import FoundationEssentials
import TestSupport
import Testing

extension RootTests {
    @Suite("From the field: file systems", .needsRoot("it mounts file systems"))
    struct FileSystemRootTests {
        /// One inside the other, one that is empty, one whose last chunk is short, one that may be run.
        private static let files = [
            "run": Array("#!/bin/sh\n".utf8), "empty": [], "sub/deep/file": noise(200_000, seed: 3),
            "sub/other": noise(65_536, seed: 4),
        ]

        private func folder(in scene: Scene) async throws -> Scene.Offer {
            try Files.write([], to: scene.path("published/tree/run"))
            try await scene.must(.system("chmod"), ["755", scene.path("published/tree/run")], by: .publisher)
            return try await scene.offer(folder: Self.files)
        }

        /// What is there but for what is the file system's own: a directory of ext4's, and what a driver of NTFS and
        /// libfuse keep for a moment of a file that was removed while open.
        private func names(on volume: Volume) throws -> [String] {
            try Files.list(volume.path).filter { name in
                name != "lost+found" && ![".ghost-ntfs-3g-", ".fuse_hidden"].contains(where: name.hasPrefix)
            }
        }

        private func expectRight(_ output: String, _ offer: Scene.Offer, in scene: Scene, on volume: Volume)
            async throws
        {
            #expect(try await scene.isRight(output, offer), "wrong bytes")
            let verified = try await scene.verify(offer, output)
            #expect(verified.code == 0, "verify: \(verified.errors)")
            let names = try self.names(on: volume)
            #expect(names == [output.split(separator: "/").last.map(String.init)], "something is left over")
        }

        @Test(
            .reported(as: "libuv/libuv#2596", "awslabs/mountpoint-s3-csi-driver#511", "pyload/pyload#4183"),
            arguments: Volume.Kind.allCases
        )
        func `A file cannot be downloaded to it`(kind: Volume.Kind) async throws {
            let scene = try await Scene()
            let offer = try await scene.offer(noise(1_000_000))
            let volume = try await Volume.mount(kind, in: scene)
            let output = volume.path + "/copy"
            _ = try await scene.get(offer, to: output).done()
            try await expectRight(output, offer, in: scene, on: volume)
            // All is there, and nothing is to do.
            let again = try await scene.get(offer, to: output).done()
            #expect(again.chunks.fetched == 0)
            try await expectRight(output, offer, in: scene, on: volume)
        }

        @Test(arguments: Volume.Kind.allCases)
        func `A folder cannot be downloaded to it`(kind: Volume.Kind) async throws {
            let scene = try await Scene()
            let offer = try await folder(in: scene)
            let volume = try await Volume.mount(kind, in: scene)
            let output = volume.path + "/copy"
            let first = try await scene.get(offer, to: output)
            _ = try first.done()
            // Where the executable bit cannot be set it is said, once.
            #expect(first.ended.errors.count(of: "executable") <= 1, "\(first.ended.errors)")
            try await expectRight(output, offer, in: scene, on: volume)
            let again = try await scene.get(offer, to: output).done()
            #expect(again.chunks.fetched == 0)
        }

        @Test(arguments: Volume.Kind.allCases)
        func `Killed midway, it does not go on there`(kind: Volume.Kind) async throws {
            let scene = try await Scene()
            let file = try await scene.offer(noise(4 << 20))
            let volume = try await Volume.mount(kind, in: scene)
            let output = volume.path + "/copy"
            let get = try await scene.startGet(
                file.manifest,
                to: output,
                from: [file.worker.url],
                ["--limit-rate", "2M"]
            )
            try await get.writes(1 << 20)
            #expect(get.isRunning, "the download was over before it was killed")
            _ = try await get.kill9()
            #expect(!Files.exists(output))
            _ = try await scene.get(file, to: output).done()
            try await expectRight(output, file, in: scene, on: volume)
        }

        @Test(arguments: Volume.Kind.allCases)
        func `A damaged copy cannot be repaired there`(kind: Volume.Kind) async throws {
            let scene = try await Scene()
            let file = try await scene.offer(noise(1_000_000))
            let tree = try await folder(in: scene)
            let volume = try await Volume.mount(kind, in: scene)
            let output = volume.path + "/copy"
            try Files.copy(file.original, to: output)
            try Files.patch(output, at: 70_000, with: [1, 2, 3])
            try await scene.get(file, to: output).failed(73)
            let done = try await scene.get(file, to: output, ["--force"]).done()
            #expect(done.chunks.fetched == 1)
            try await expectRight(output, file, in: scene, on: volume)
            try Files.remove(output)
            _ = try await scene.get(tree, to: output).done()
            try Files.patch(output + "/sub/deep/file", at: 70_000, with: [1, 2, 3])
            let repaired = try await scene.get(tree, to: output, ["--force"]).done()
            #expect(repaired.chunks.fetched == 1)
            #expect(try Files.hold(output + "/sub/deep/file", Self.files["sub/deep/file"] ?? []))
        }

        @Test(arguments: Volume.Kind.allCases)
        func `The publisher cannot make a key or sign there`(kind: Volume.Kind) async throws {
            let scene = try await Scene()
            let volume = try await Volume.mount(kind, in: scene)
            let key = volume.path + "/key"
            try await scene.must(.sign, ["keygen", "-o", key], by: .publisher)
            for (name, bytes) in Self.files { try Files.write(bytes, to: volume.path + "/tree/" + name) }
            let sign = ["manifest", volume.path + "/tree", "--key", key + ".key"]
            for _ in 0..<2 { try await scene.must(.sign, sign, by: .publisher) }
            let verify = ["verify", volume.path + "/tree.manifest.json", volume.path + "/tree"]
            let ended = try await scene.run(.secure, verify + ["--publisher-key", key + ".pub"], by: .reader)
            #expect(ended.code == 0, "\(ended.errors)")
            let names = ["key.key", "key.pub", "tree", "tree.manifest.json", "tree.manifest.json.minisig"]
            #expect(try self.names(on: volume) == names)
        }
    }
}
