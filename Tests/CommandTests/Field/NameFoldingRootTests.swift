import TestSupport
import Testing

extension RootTests {
    @Suite("From the field: names that are one", .needsRoot("it mounts file systems that fold names"))
    struct NameFoldingRootTests {
        /// Whether the file system takes the names for one. What it is tried with stays there: a driver of NTFS that has
        /// just given up a directory may take the next one for it.
        private func areOne(_ names: [String], on volume: Volume) throws -> Bool {
            let probe = volume.path + "/probe"
            try Files.write([1], to: "\(probe)/\(names[0])")
            return Files.exists("\(probe)/\(names[1])")
        }

        @Test(
            .reported(as: "notatallshaw/nab#864", "imagej/imagej-updater#12", "webmin/webmin#619"),
            arguments: [Volume.Kind.exFAT, .ntfsInLowerCase],
            [["Readme", "README"], ["sub/File", "Sub/File"], ["ä", "Ä"]]
        )
        func `Of two names that differ in case, one file is there, and it says that it is done`(
            kind: Volume.Kind,
            names: [String]
        ) async throws {
            let scene = try await Scene()
            let bytes = [noise(300_000, seed: 1), noise(300_000, seed: 2)]
            let offer = try await scene.offer(folder: [names[0]: bytes[0], names[1]: bytes[1], "other": noise(10)])
            let volume = try await Volume.mount(kind, in: scene)
            let output = volume.path + "/copy"
            guard try areOne(names, on: volume) else {
                // This driver keeps these two apart.
                _ = try await scene.get(offer, to: output).done()
                return #expect(try await scene.isRight(output, offer))
            }
            let failed = try await scene.get(offer, to: output).failed(73)
            for name in names {
                let part = name.split(separator: "/").first.map(String.init) ?? name
                #expect(failed.message.contains(part), "'\(failed.message)' does not name '\(part)'")
            }
            #expect(!Files.exists(output), "an incomplete folder bears the final name")
            // Elsewhere it goes well.
            _ = try await scene.get(offer, to: scene.path("copy")).done()
            #expect(try await scene.isRight(scene.path("copy"), offer))
        }

        @Test(arguments: [Volume.Kind.exFAT, .ntfsInLowerCase])
        func `Of two folders that are one there, a file is lost`(kind: Volume.Kind) async throws {
            let scene = try await Scene()
            let offer = try await scene.offer(folder: ["Sub/one": noise(1_000), "sub/two": noise(1_000, seed: 2)])
            let volume = try await Volume.mount(kind, in: scene)
            let output = volume.path + "/copy"
            let result = try await scene.get(offer, to: output)
            if result.code == 0 {
                #expect(try await scene.verify(offer, output).code == 0)
            } else {
                try result.failed(73, saying: "Sub", "sub")
                #expect(!Files.exists(output))
            }
        }

        @Test(.reported(as: "syncthing, for normalisation"))
        func `A file system that lists names in another spelling loses what was just verified`() async throws {
            let scene = try await Scene()
            let offer = try await scene.offer(folder: [
                "Readme": noise(100_000), "Sub/File": noise(70_000, seed: 2), "b": noise(10),
            ])
            let volume = try await Volume.mount(.ntfsInLowerCase, in: scene)
            let output = volume.path + "/copy"
            for options in [[], [], ["--force"]] {
                _ = try await scene.get(offer, to: output, options).done()
                #expect(try Files.hold(output + "/Readme", noise(100_000)))
                #expect(try Files.hold(output + "/Sub/File", noise(70_000, seed: 2)))
                #expect(try await scene.verify(offer, output).code == 0)
            }
            // Not listed here is what bears no listed name in any spelling, and it is left alone.
            try Files.patch(output + "/Readme", at: 5, with: [1, 2, 3])
            try Files.write([1], to: output + "/unlisted")
            try await scene.get(offer, to: output, ["--force"]).failed(73, saying: "unlisted")
            try Files.remove(output + "/unlisted")
            _ = try await scene.get(offer, to: output, ["--force"]).done()
            #expect(try Files.hold(output + "/Readme", noise(100_000)))
            #expect(try await scene.verify(offer, output).code == 0)
        }

        @Test(
            arguments: [Volume.Kind.exFAT, .ntfsOfWindows],
            ["a:b", "sub/what?/c", "x\"y\"", "end.", "aux.txt"]
        )
        func `A name that the file system cannot hold is met midway, as a path that is not there`(
            kind: Volume.Kind,
            name: String
        ) async throws {
            let scene = try await Scene()
            let offer = try await scene.offer(folder: [name: noise(10), "other": noise(300_000)])
            let volume = try await Volume.mount(kind, in: scene)
            let output = volume.path + "/copy"
            let ended = try await scene.get(offer, to: output)
            if kind == .exFAT, name == "end." || name == "aux.txt" {
                // This driver keeps them.
                _ = try ended.done()
                return #expect(try await scene.isRight(output, offer))
            }
            let failed = try ended.failed(
                73,
                saying: "cannot hold the name \(name.hasPrefix("sub") ? "sub/what?" : name):"
            )
            #expect(failed.hint?.contains("-o") == true)
            #expect(!Files.exists(output) && !Files.exists(output + ".fdl-part"))
        }

        @Test(arguments: [Volume.Kind.exFAT, .ntfsOfWindows])
        func `A file whose name the file system cannot hold is called a path that is not there`(
            kind: Volume.Kind
        ) async throws {
            let scene = try await Scene()
            let offer = try await scene.offer([1, 2, 3])
            let volume = try await Volume.mount(kind, in: scene)
            try await scene.get(offer, to: volume.path + "/a:b").failed(73, saying: "cannot hold the name a:b")
        }
    }
}
