import FoundationEssentials
import TestSupport
import Testing

/// Every system call that changes the output fails once, by strace's fault injection.
@Suite("The disk fails, one system call at a time")
struct SystemCallFaultTests {
    /// What is watched. The calls that only read are left out: nothing of theirs reaches the output.
    private static let calls = [
        "openat", "openat2", "mkdirat", "write", "pwrite64", "pwritev", "pwritev2", "ftruncate", "fallocate",
        "fchmod", "fsync", "fdatasync", "rename", "renameat", "renameat2",
    ]

    private struct Setting {
        let scene: Scene
        let worker: Worker
        let manifest: String
        /// What the output has to be equal to.
        let original: String
        /// The name of the output.
        let name: String
        /// The directory the output goes to.
        let place: String
        /// Whether an earlier run has left the whole content, without its name.
        var isAllThere = false

        var output: String { place + "/" + name }

        /// The paths that belong to the output, as programs name them: whole, and beneath the directory.
        func watched(_ files: [String]) -> [String] {
            let inside =
                files
                + files.flatMap { file in
                    ["/", ".fdl-part/"].map { output + $0 + file }
                }
            return [place, output, output + ".fdl-part", name, name + ".fdl-part"] + inside
        }
    }

    private func file() async throws -> Setting {
        let scene = try await Scene()
        let published = try await scene.publish(noise(300_000), chunkSize: 65_536)
        return Setting(
            scene: scene,
            worker: try await scene.worker(root: published.root),
            manifest: published.manifest,
            original: published.file,
            name: "copy.bin",
            place: scene.path("target")
        )
    }

    private static let folderFiles = ["first", "sub", "sub/second"]

    private func folder() async throws -> Setting {
        let scene = try await Scene()
        let root = scene.path("published")
        try Files.write(noise(100_000, seed: 1), to: root + "/tree/first")
        try Files.write(noise(100_000, seed: 2), to: root + "/tree/sub/second")
        let manifest = try await scene.sign(root + "/tree", ["--chunk-size", "64KiB"])
        return Setting(
            scene: scene,
            worker: try await scene.worker(root: root),
            manifest: manifest,
            original: root + "/tree",
            name: "copy",
            place: scene.path("target")
        )
    }

    /// Runs `get` under strace.
    /// - Parameter inject: what strace's option of that name takes.
    private func trace(_ setting: Setting, _ watched: [String], inject: String?) async throws -> (Ended, [String]) {
        try? Files.remove(setting.place)
        try Files.makeDirectory(setting.place)
        if setting.isAllThere {
            let partial = setting.output + ".fdl-part"
            try Files.copy(setting.original, to: partial)
            // A mode that has to be put right.
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: partial)
        }
        let log = setting.scene.path("strace.log")
        try? Files.remove(log)
        var arguments = ["-f", "-qq", "-o", log, "-e", "trace=" + Self.calls.joined(separator: ",")]
        arguments += watched.flatMap { ["-P", $0] }
        if let inject { arguments += ["-e", "inject=" + inject] }
        arguments += [Program.secure.path, "get", setting.manifest, "-o", setting.output, "--json"]
        arguments += try await setting.scene.acceptance()
        // One connection, so that the calls come in the same number in each run.
        arguments += ["--server", setting.worker.url, "--connections", "1"]
        let ended = try await setting.scene.run(.system("strace"), arguments, by: .reader)
        let lines = try String(decoding: Files.read(log), as: UTF8.self).split(separator: "\n").map(String.init)
        return (ended, lines)
    }

    private func isRight(_ setting: Setting) async throws -> Bool {
        try await setting.scene.run(.system("diff"), ["-r", setting.original, setting.output], by: .stranger)
            .code == 0
    }

    /// How often each call was made.
    private func counts(_ lines: [String]) -> [(call: String, count: Int)] {
        Self.calls.compactMap { call in
            let count = lines.count { $0.contains(" \(call)(") }
            return count > 0 ? (call, count) : nil
        }
    }

    /// The first, the last and one between: writes are many and alike, and all else is few.
    private func moments(_ count: Int) -> [Int] {
        count <= 4 ? Array(1...count) : [1, (count + 1) / 2, count]
    }

    /// Lets each call fail on each path, the first time it is made, and then each time it is made on any of them.
    private func failEachOnce(_ setting: Setting, _ files: [String] = [], needed: [String]) async throws {
        let watched = setting.watched(files)
        var hit: [String: Int] = [:]
        for paths in [watched] + watched.map({ [$0] }) {
            let (clean, lines) = try await trace(setting, paths, inject: nil)
            _ = try GetResult(clean).done()
            for (call, count) in counts(lines) {
                for moment in paths.count == 1 ? [1] : moments(count) {
                    for error in ["ENOSPC", "EIO"] {
                        let inject = "\(call):error=\(error):when=\(moment)"
                        if try await fail(setting, paths, inject, tries: moment == 1 ? 1 : 3) {
                            hit[call, default: 0] += 1
                        } else {
                            #expect(moment > 1, "\(inject) hit nothing")
                        }
                    }
                }
            }
        }
        for call in needed { #expect(hit[call] != nil, "no \(call) on the output") }
        print("system calls failed: " + hit.sorted { $0.key < $1.key }.map { "\($0) \($1)" }.joined(separator: ", "))
    }

    /// - Returns: whether the fault was met. strace counts calls thread by thread, and which thread makes the second
    ///   one of a kind is another in each run.
    private func fail(_ setting: Setting, _ paths: [String], _ inject: String, tries: Int) async throws -> Bool {
        for _ in 0..<tries {
            let (ended, lines) = try await trace(setting, paths, inject: inject)
            guard lines.contains(where: { $0.contains("(INJECTED)") }) else { continue }
            try await check(setting, ended, inject)
            return true
        }
        return false
    }

    private func check(_ setting: Setting, _ ended: Ended, _ inject: String) async throws {
        #expect([73, 74].contains(ended.code), "\(inject): ended with \(ended.code)\n\(ended.errors)")
        if !inject.hasPrefix("open") && !inject.hasPrefix("mkdir") {
            #expect(ended.code == 74, "\(inject): ended with \(ended.code)\n\(ended.errors)")
        }
        let failed = try GetResult(ended).failed(73, 74)
        #expect(!failed.message.contains("https://"), "\(inject) is blamed on a server: \(failed.message)")
        #expect(!ended.text.contains("\"event\":\"done\""), "\(inject): it says that it is done")
        if Files.exists(setting.output) {
            #expect(try await isRight(setting), "\(inject): a wrong file under the final name")
        }
        let next = try await setting.scene.get(
            setting.manifest,
            to: setting.output,
            from: [setting.worker.url]
        )
        _ = try next.done()
        #expect(try await isRight(setting), "\(inject): the next run's file is wrong")
        #expect(try Files.list(setting.place) == [setting.name], "\(inject): something is left over")
    }

    private static let always = ["openat", "fsync", "renameat2"]

    @Test func `A file`() async throws {
        try await failEachOnce(file(), needed: Self.always + ["pwrite64", "ftruncate", "fallocate"])
    }

    @Test func `A file that needs nothing but its name`() async throws {
        var setting = try await file()
        setting.isAllThere = true
        try await failEachOnce(setting, needed: Self.always + ["fchmod"])
    }

    @Test func `A folder`() async throws {
        let needed = Self.always + ["pwrite64", "ftruncate", "fallocate", "openat2", "mkdirat"]
        try await failEachOnce(folder(), Self.folderFiles, needed: needed)
    }
}
