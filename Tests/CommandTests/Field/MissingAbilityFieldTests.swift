import FoundationEssentials
import TestSupport
import Testing

/// What some file system cannot do, by strace's fault injection: every call of a kind fails with one error.
@Suite("From the field: what a file system cannot do")
struct MissingAbilityFieldTests {
    enum Ability: String, CaseIterable, Sendable {
        case directorySync, modes, locks, links, flaggedRenames, reservation, roomLeft, seeking

        var calls: String {
            switch self {
            case .directorySync: "fsync,fdatasync,syncfs"
            case .modes: "chmod,fchmod,fchmodat"
            case .locks: "flock"
            case .links: "link,linkat"
            case .flaggedRenames: "renameat2"
            case .reservation: "fallocate"
            case .roomLeft: "statfs,fstatfs"
            case .seeking: "lseek"
            }
        }

        /// Whether the same call on other things has to work, so that only these paths are meant.
        var isOfPlaces: Bool { [.directorySync, .seeking].contains(self) }
    }

    private static let errors = ["EPERM", "EINVAL", "ENOSYS", "EOPNOTSUPP", "ENOLCK", "EXDEV"]

    private let scene: Scene
    private let out: String

    init() async throws {
        scene = try await Scene()
        out = scene.path("out")
        try Files.makeDirectory(out)
    }

    /// Runs a program while each call of a kind fails.
    private func run(
        _ command: [String],
        without ability: Ability,
        _ error: String,
        at places: [String],
        by person: Scene.Person = .reader
    ) async throws -> (Ended, wasMet: Bool) {
        let log = scene.path("strace.log")
        try? Files.remove(log)
        // Calls that this machine's processor does not have are no error: the question mark.
        let calls = ability.calls.split(separator: ",").map { "?" + $0 }.joined(separator: ",")
        let options = ["-f", "-qq", "-o", log, "-e", "trace=" + calls, "-e", "inject=\(calls):error=\(error)"]
        let only = ability.isOfPlaces ? places.flatMap { ["-P", $0] } : []
        let ended = try await scene.run(.system("strace"), options + only + command, by: person)
        let traced = String(decoding: (try? Files.read(log)) ?? [], as: UTF8.self)
        return (ended, traced.contains("(INJECTED)"))
    }

    @Test(arguments: ["epoll_create1", "eventfd2", "timerfd_create"], ["EPERM", "ENOSYS"])
    func `A sandbox without a call that waiting needs crashes it`(call: String, error: String) async throws {
        let log = scene.path("strace.log")
        for command in [
            [Program.sign.path, "verify", "x"], [Program.server.path], [Program.secure.path, "trust", "list"],
        ] {
            let fault = ["-f", "-qq", "-o", log, "-e", "trace=" + call, "-e", "inject=\(call):error=\(error)"]
            let ended = try await scene.run(.system("strace"), fault + command, by: .reader)
            let failed = try ended.failed([74], saying: ["cannot make a"])
            #expect(failed.hint.contains("sandbox"))
        }
    }

    /// What is lost is said at most once.
    private func expectQuiet(_ ended: Ended, _ what: String) {
        let lines = ended.errors.split(separator: "\n")
        #expect(Set(lines).count == lines.count, "\(what): said more than once:\n\(ended.errors)")
        #expect(!ended.errors.contains("error:"), "\(what):\n\(ended.errors)")
    }

    @Test(
        .reported(
            as: "borgbackup/borg#1287",
            "syncthing/syncthing#4432",
            "facebook/rocksdb#2929",
            "libuv/libuv#2596",
            "awslabs/mountpoint-s3-csi-driver#511",
            "pyload/pyload#4183"
        ),
        arguments: Ability.allCases
    )
    func `The bytes are all there, and the download fails for ever`(ability: Ability) async throws {
        let file = try await scene.offer(noise(300_000))
        let tree = try await scene.offer(folder: ["a": noise(70_000), "sub/b": noise(70_000, seed: 2)])
        var isMet = false
        for error in Self.errors {
            for (offer, name) in [(file, "copy"), (tree, "tree")] {
                let what = "\(ability) \(error) \(name)"
                let output = "\(out)/\(name)"
                // The directories alone: what fails to be synced of a file is never passed over.
                let folders = [output, output + ".fdl-part", output + "/sub", output + ".fdl-part/sub"]
                let places = [out] + (name == "tree" || ability != .directorySync ? folders : [])
                for options in [[], ["--force"]] {
                    let command = try await scene.getCommand(offer, to: output, options)
                    let (ended, wasMet) = try await run(command, without: ability, error, at: places)
                    isMet = isMet || wasMet
                    #expect(ended.code == 0, "\(what): \(ended.errors)")
                    expectQuiet(ended, what)
                    #expect(try await scene.isRight(output, offer), "\(what): wrong bytes")
                    // For the next round: a copy with damage, and then none.
                    if options.isEmpty, name == "copy" { try Files.patch(output, at: 70_000, with: [0, 0, 0]) }
                }
                #expect(try Files.list(out) == [name], "\(what): something is left over")
                try Files.remove(output)
            }
        }
        // Holes and hard links may not be asked for at all, and modes are right from the beginning.
        #expect(isMet || [.links, .seeking, .roomLeft, .modes].contains(ability), "nothing of the kind was called")
    }

    @Test(.reported(as: "libuv/libuv#2596", "borgbackup/borg#1287"), arguments: Ability.allCases)
    func `The publisher cannot make a key or sign there`(ability: Ability) async throws {
        let file = out + "/data"
        for error in Self.errors {
            try Files.write(noise(100_000), to: file)
            let key = out + "/key"
            let keygen = [Program.sign.path, "keygen", "-o", key]
            let sign = [Program.sign.path, "manifest", file, "--key", key + ".key"]
            for command in [keygen, sign, sign] {
                let (ended, _) = try await run(command, without: ability, error, at: [out], by: .publisher)
                #expect(ended.code == 0, "\(ability) \(error): \(ended.command): \(ended.errors)")
                expectQuiet(ended, "\(ability) \(error)")
            }
            let manifest = file + ".manifest.json"
            let verify = ["verify", manifest, file, "--publisher-key", key + ".pub"]
            #expect(try await scene.run(.secure, verify, by: .reader).code == 0)
            let names = ["data", "data.manifest.json", "data.manifest.json.minisig", "key.key", "key.pub"]
            #expect(try Files.list(out) == names, "\(ability) \(error): something is left over")
            for name in names { try Files.remove(out + "/" + name) }
        }
    }

    /// The one thing that is never passed over: a file's own bytes that did not reach the disk.
    @Test(arguments: ["EIO", "ENOSPC", "EDQUOT"])
    func `The file's sync fails, and it is done all the same`(error: String) async throws {
        let offer = try await scene.offer(noise(300_000))
        let output = out + "/copy"
        let log = scene.path("strace.log")
        let command = try await scene.getCommand(offer, to: output)
        let inject = ["-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=\(error)"]
        let only = ["-P", output, "-P", output + ".fdl-part"]
        let strace = ["-f", "-qq", "-o", log] + inject + only
        let ended = try await scene.run(.system("strace"), strace + command, by: .reader)
        try #require(String(decoding: Files.read(log), as: UTF8.self).contains("(INJECTED)"))
        try GetResult(ended).failed(74)
        #expect(!Files.exists(output))
        _ = try await scene.get(offer, to: output).done()
        #expect(try await scene.isRight(output, offer))
    }
}
