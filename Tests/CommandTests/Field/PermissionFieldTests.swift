import Glibc
import TestSupport
import Testing

@Suite("From the field: permissions")
struct PermissionFieldTests {
    private let scene: Scene
    private let out: String

    init() async throws {
        scene = try await Scene()
        out = scene.path("out")
        try Files.makeDirectory(out)
    }

    private func folder() async throws -> Scene.Offer {
        let script = Array("#!/bin/sh\n".utf8)
        let tree = scene.path("published/tree")
        try Files.write(script, to: tree + "/run")
        #expect(chmod(tree + "/run", 0o755) == 0)
        return try await scene.offer(folder: ["data": noise(70_000), "sub/file": noise(1_000, seed: 2)])
    }

    /// Gets a file and a folder as `script` has prepared it, and compares the modes with what a shell makes there.
    /// - Parameter script: prepares `$out`, before a file and a directory are made in it for comparison.
    private func expectModes(after script: String) async throws {
        let file = try await scene.offer(noise(100_000))
        let tree = try await folder()
        let prepare = script + "; : >\"$out/newfile\"; mkdir -p \"$out/newfolder\"; exec \"$@\""
        for (offer, name) in [(file, "file"), (tree, "tree")] {
            let command = try await scene.getCommand(offer, to: "\(out)/\(name)")
            _ = try GetResult(await scene.shell(prepare, command, environment: ["out": out])).done()
        }
        let (newFile, newFolder) = try (Files.mode(out + "/newfile"), Files.mode(out + "/newfolder"))
        for name in ["file", "tree/data"] {
            let mode = try Files.mode("\(out)/\(name)")
            #expect(mode == newFile, "\(name) has \(octal(mode)), a new file there \(octal(newFile))")
        }
        for name in ["tree", "tree/sub"] {
            let mode = try Files.mode("\(out)/\(name)")
            #expect(mode == newFolder, "\(name) has \(octal(mode)), a new directory there \(octal(newFolder))")
        }
        // Executable for those who may read it, and for nobody else.
        let executable = newFile | (newFile & 0o444) >> 2
        #expect(try Files.mode(out + "/tree/run") == executable)
    }

    private func octal(_ mode: mode_t) -> String { String(mode, radix: 8) }

    @Test(
        .reported(
            as: "huggingface/huggingface_hub#1141",
            "huggingface/huggingface_hub#1215",
            "MEGAcmd#486",
            "saltstack/salt#13462"
        ),
        arguments: ["d:u::rwx,d:g::rwx,d:o::---", "d:u::rwx,d:g::r-x,d:o::r-x", "d:u::rwx,d:g::---,d:o::---"]
    )
    func `The directory's default ACL says who may read it, and others get in all the same`(acl: String) async throws {
        try await expectModes(after: "umask 022; setfacl -m \(acl) \"$out\"")
    }

    @Test(arguments: ["000", "002", "022", "027", "077"])
    func `The umask says who may read it, and it gets another mode`(umask: String) async throws {
        try await expectModes(after: "umask \(umask)")
    }

    @Test(arguments: ["0222", "0777", "0477"])
    func `A umask takes the owner's own permissions, and nothing can be gone on with`(umask: String) async throws {
        let offer = try await scene.offer(noise(300_000))
        let other = try await scene.offer(noise(300_000, seed: 2), as: "other.bin")
        let output = out + "/below/copy"
        let command = try await scene.getCommand(offer, to: output)
        try Files.makeDirectory(out + "/below")
        // What a first run leaves, a second goes on with; and a folder of notes is there for the next.
        let elsewhere = try await scene.getCommand(other, to: output)
        let state = ["XDG_STATE_HOME": scene.path("state")]
        for command in [command, command, elsewhere + ["--force"]] {
            _ = try GetResult(
                await scene.shell("umask \(umask); exec \"$@\"", command, environment: state)
            ).done()
        }
        #expect(try await scene.isRight(output, other))
        #expect(try Files.mode(output) & 0o777 == 0o666 & ~(mode(umask) & 0o077))
    }

    private func mode(_ digits: String) -> mode_t { mode_t(digits, radix: 8) ?? 0 }

    @Test(.reported(as: "huggingface/transformers#11119", "huggingface/datasets#2065"))
    func `In a set-group-ID directory a folder loses the bit`() async throws {
        #expect(chmod(out, 0o2775) == 0)
        try #require(try Files.mode(out) & S_ISGID != 0, "the bit cannot be set here")
        try await expectModes(after: "umask 002")
        #expect(try Files.mode(out + "/tree") & S_ISGID != 0)
        #expect(try Files.mode(out + "/tree/sub") & S_ISGID != 0)
    }

    @Test(arguments: [true, false])
    func `The executable bit was signed, and nobody sees that it is wrong`(isLost: Bool) async throws {
        let tree = try await folder()
        let output = out + "/tree"
        _ = try await scene.get(tree, to: output).done()
        #expect(try await scene.verify(tree, output).code == 0)
        let (file, wrong): (String, mode_t) = isLost ? ("run", 0o644) : ("data", 0o755)
        let right = try Files.mode("\(output)/\(file)")
        #expect(chmod("\(output)/\(file)", wrong) == 0)
        try await scene.verify(tree, output).failed(65, saying: file)
        let done = try await scene.get(tree, to: output, ["--force"]).done()
        #expect(done.chunks.fetched == 0, "bytes were fetched to set a bit")
        #expect(try Files.mode("\(output)/\(file)") == right)
        #expect(try await scene.verify(tree, output).code == 0)
    }

    @Test func `A partial file that is a hard link to something else is written through`() async throws {
        let offer = try await scene.offer(noise(300_000))
        let mine = noise(300_000, seed: 9)
        try Files.write(mine, to: out + "/mine")
        #expect(link(out + "/mine", out + "/copy.fdl-part") == 0)
        let result = try await scene.get(offer, to: out + "/copy")
        #expect(try Files.hold(out + "/mine", mine), "the other name's content is gone")
        if result.code == 0 {
            #expect(try await scene.isRight(out + "/copy", offer))
            #expect(try Files.inode(out + "/copy") != Files.inode(out + "/mine"))
        } else {
            try result.failed(73, saying: "copy.fdl-part")
        }
    }

    @Test(arguments: [mode_t(0o666), 0o602])
    func `A partial file that others may write is gone on with`(mode: mode_t) async throws {
        let offer = try await scene.offer(noise(300_000))
        try Files.write([1, 2, 3], to: out + "/copy.fdl-part")
        #expect(chmod(out + "/copy.fdl-part", mode) == 0)
        let left = try Files.inode(out + "/copy.fdl-part")
        let command = try await scene.getCommand(offer, to: out + "/copy")
        let result = GetResult(try await scene.shell("umask 022; exec \"$@\"", command))
        if result.code == 0 {
            #expect(try await scene.isRight(out + "/copy", offer))
            #expect(try Files.inode(out + "/copy") != left, "whoever has it open may still write it")
        } else {
            try result.failed(73, saying: "copy.fdl-part")
        }
    }
}
