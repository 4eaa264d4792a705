import Testing

extension RootTests {
    @Suite("From the field: a disk that loses writes", .needsRoot("it mounts an image on a disk that is too small"))
    struct LostWritesRootTests {
        /// A disk of 400 MiB that has room for less, as a thin volume: writes beyond are lost, and `fsync` says so once.
        private static let thin = """
            mount -t tmpfs -o size=64m none "$2"
            truncate -s 400M "$2/image"
            \(make)
            \(mount)
            """
        private static let make = """
            mkfs.ext4 -q -F -J size=4 -E lazy_itable_init=0,lazy_journal_init=0 -N 128 "$2/image"
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
    }
}
