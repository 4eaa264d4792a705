import TestSupport
import Testing

extension RootTests {
    @Suite("From the field: a disk that loses writes", .needsRoot("it mounts an image on a disk that is too small"))
    struct LostWritesRootTests {
        /// A disk of 110 MiB that has room for less, as a thin volume: writes beyond are lost, and `fsync` says so once.
        ///
        /// What the file system writes of its own, its journal too, has room: all of the disk has it at first, and what
        /// is free is given back, but for the blocks that it takes next.
        private static let thin = """
            mount -t tmpfs -o size=128m none "$2"
            truncate -s 110M "$2/image"
            mkfs.ext4 -q -F -b 4096 -J size=4 -E nodiscard,lazy_itable_init=0 -N 128 "$2/image"
            dd if="$2/image" of="$2/image" bs=1M conv=notrunc status=none
            \(mount)
            head -c 4M /dev/zero >"$1/next"
            sync -f "$1"
            fstrim "$1"
            rm "$1/next"
            mount -o remount,size=80m "$2"
            """
        private static let mount = "mount -o loop,errors=continue \"$2/image\" \"$1\""

        /// Leaves the disk 25 MiB.
        private static let fill = """
            free=$(df --output=avail -B1 "$1" | tail -n 1)
            fallocate -l $((free - 25 * 1048576)) "$1/filler"
            """

        @Test(.reported(as: "PostgreSQL's fsyncgate of 2018"), arguments: [true, false])
        func `The disk works again, the file is done, and half of it was never written`(isFolder: Bool) async throws {
            let scene = try await Scene()
            let bytes = noise(60_000_000)
            let offer =
                isFolder
                ? try await scene.offer(folder: [
                    "a": Array(bytes[..<30_000_000]), "b": Array(bytes[30_000_000...]), "c": noise(10),
                ])
                : try await scene.offer(bytes)
            let disk = try await Volume.mount(Self.thin, in: scene)
            try await scene.must(.system("sh"), ["-ec", Self.fill, "sh", disk.beside], by: .stranger)
            let output = disk.path + "/copy"
            try await scene.get(offer, to: output).failed(74)
            #expect(!Files.exists(output))
            try Files.remove(disk.beside + "/filler")
            _ = try await scene.get(offer, to: output).done()
            // What the disk has is seen when nothing of it is in memory.
            try await disk.remount(Self.mount)
            #expect(try await scene.isRight(output, offer), "done, it said, and the disk holds something else")
            #expect(try await scene.verify(offer, output).code == 0)
        }

        /// What is downloaded when power fails: synced file by file, and as a whole file system.
        enum Kind: String, CaseIterable, Sendable {
            case file, folder, folderOfMany

            func offer(in scene: Scene) async throws -> Scene.Offer {
                switch self {
                case .file: try await scene.offer(noise(3_000_000))
                case .folder:
                    try await scene.offer(folder: ["a": noise(3_000_000), "sub/b": noise(70_000), "empty": []])
                case .folderOfMany:
                    try await scene.offer(
                        folder: .init(uniqueKeysWithValues: (0..<300).map { ("\($0 % 7)/\($0)", noise($0, seed: 1)) })
                    )
                }
            }
        }

        @Test(arguments: Kind.allCases, [Volume.Kind.ext4, .xfs, .btrfs])
        func `Power fails after it said that all is done, and something is missing`(
            kind: Kind,
            system: Volume.Kind
        ) async throws {
            let scene = try await Scene()
            let offer = try await kind.offer(in: scene)
            let disk = try await Volume.mount(system, in: scene)
            let output = disk.path + "/copy"
            _ = try await scene.get(offer, to: output).done()
            // Btrfs has no such call.
            if system != .btrfs { try await disk.shutDown() }
            try await disk.goBackToDisk(system)
            #expect(try await scene.isRight(output, offer), "done, it said, and the disk holds something else")
        }

        @Test(arguments: [Volume.Kind.ext4, .xfs])
        func `The file system dies midway, and what it kept is never gone on with`(system: Volume.Kind) async throws {
            let scene = try await Scene()
            let offer = try await scene.offer(noise(6_000_000))
            let disk = try await Volume.mount(system, in: scene)
            let output = disk.path + "/copy"
            let get = try await scene.startGet(
                offer.manifest,
                to: output,
                from: [offer.worker.url],
                ["--limit-rate", "2M"]
            )
            try await get.writes(2 << 20)
            try await disk.shutDown()
            try GetResult(await get.wait()).failed(74)
            try await disk.goBackToDisk(system)
            #expect(!Files.exists(output))
            _ = try await scene.get(offer, to: output).done()
            try await disk.shutDown()
            try await disk.goBackToDisk(system)
            #expect(try await scene.isRight(output, offer), "done, it said, and the disk holds something else")
        }
    }
}
