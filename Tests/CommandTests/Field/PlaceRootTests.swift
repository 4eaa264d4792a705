import Glibc
import TestSupport
import Testing

extension RootTests {
    @Suite("From the field: places", .needsRoot("it mounts over files, and runs programs where little may be written"))
    struct PlaceRootTests {
        /// Copies /etc/passwd, so that the account has that home there, and goes on as that account.
        private static let asAccount = """
            set -e
            { grep -v '^nobody:' /etc/passwd; echo "nobody:x:65534:65534::$home:/bin/sh"; } >"$home.passwd"
            mount --bind "$home.passwd" /etc/passwd
            chown nobody "$home" "$home.out"
            exec setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all --inh-caps=-all \
                env -i PATH="$PATH" "$@"
            """

        private func run(_ command: [String], home: String, in scene: Scene) async throws -> Ended {
            let unshare = ["-m", "--propagation", "private", "bash", "-c", Self.asAccount, "bash"]
            return try await scene.start(
                .system("unshare"),
                unshare + command,
                by: .stranger,
                environment: ["home": home]
            ).wait()
        }

        /// A place where nobody may go, too.
        private func open(_ scene: Scene) async throws {
            try await scene.must(.system("chmod"), ["755", scene.path("")], by: .stranger)
        }

        @Test(.reported(as: "systemd/systemd#10915", "systemd-cron/systemd-cron#65"))
        func `Without HOME a new key is made below the root directory`() async throws {
            let scene = try await Scene()
            try await open(scene)
            let home = scene.path("account")
            for place in [home, home + ".out"] { try Files.makeDirectory(place) }
            let file = scene.path("data")
            try Files.write(noise(1_000), to: file)
            #expect(chmod(file, 0o644) == 0)
            let before = try Files.list("/")
            let sign = [Program.sign.path, "manifest", file, "-o", home + ".out/signed.json"]
            let ended = try await run(sign, home: home, in: scene)
            #expect(ended.code == 0, "\(ended.errors)")
            #expect(try Files.list("/") == before)
            #expect(Files.exists(home + "/.config/fdl"), "the account's directory was not asked for")
        }

        @Test(.reported(as: "systemd/systemd#10915", "systemd-cron/systemd-cron#65"))
        func `Without HOME or an account it makes a key somewhere`() async throws {
            let scene = try await Scene()
            try await open(scene)
            let file = scene.path("data")
            try Files.write(noise(1_000), to: file)
            #expect(chmod(file, 0o644) == 0)
            let out = scene.path("out")
            try Files.makeDirectory(out)
            #expect(chmod(out, 0o777) == 0)
            let before = try Files.list("/")
            let drop = ["--reuid=54321", "--regid=54321", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"]
            let clean = ["env", "-i", "PATH=/usr/bin:/bin"]
            let sign = [Program.sign.path, "manifest", file, "-o", out + "/signed.json"]
            let ended = try await scene.run(.system("setpriv"), drop + clean + sign, by: .stranger)
            let (message, hint) = try ended.failed([78, 64, 73], saying: [])
            #expect((message + hint).contains("XDG_CONFIG_HOME"), "\(ended.errors)")
            #expect(try Files.list("/") == before)
            #expect(try Files.list(out) == [])
        }

        @Test(arguments: ["--force", nil])
        func `The output is a mounted file, and that is found out after everything was fetched`(
            option: String?
        ) async throws {
            let scene = try await Scene()
            let published = try await scene.publish(noise(500_000), chunkSize: 65_536)
            let tree = try HonestTree(manifest: published.manifest, root: published.root)
            let source = try await FaultServer.start(certificate: scene.certificates.server, tree.answer)
            let below = scene.path("below")
            try Files.write([1, 2, 3], to: below)
            let script = "rmdir \"$1\"; : >\"$1\"; mount --bind \"\(below)\" \"$1\""
            let volume = try await Volume.mount(script, in: scene)
            let options = option.map { [$0] } ?? []
            let result = try await scene.get(published.manifest, to: volume.path, from: [source.url], options)
            let failed = try result.failed(73, saying: volume.path)
            #expect(failed.hint != nil)
            #expect(source.requests.isEmpty, "bytes were fetched first")
            #expect(try Files.read(below) == [1, 2, 3])
        }

        @Test func `The output folder is a mount point, and that is found out after everything was fetched`()
            async throws
        {
            let scene = try await Scene()
            let root = scene.path("published")
            try Files.write(noise(100_000), to: root + "/tree/file")
            let manifest = try await scene.sign(root + "/tree", ["--chunk-size", "64KiB"])
            let tree = try HonestTree(manifest: manifest, root: root + "/tree")
            let source = try await FaultServer.start(certificate: scene.certificates.server, tree.answer)
            let volume = try await Volume.mount(.tmpfs, in: scene)
            let result = try await scene.get(manifest, to: volume.path, from: [source.url], ["--force"])
            let failed = try result.failed(73, saying: volume.path)
            #expect(failed.hint != nil)
            #expect(source.requests.isEmpty, "bytes were fetched first")
            #expect(try Files.list(volume.path) == [])
        }

        /// As an image's entry point runs: root with less, nothing to write but one directory, no home, no terminal.
        private static let container = """
            set -e
            mount -t tmpfs none "$place"
            mount -o remount,bind,ro "$(findmnt -n -o TARGET -T "$programs")"
            mount -o remount,bind,ro / || :
            exec setsid --wait setpriv --bounding-set=-net_admin,-dac_override,-dac_read_search,-sys_admin \
                --inh-caps=-net_admin,-dac_override,-dac_read_search,-sys_admin env -i PATH="$PATH" $variables \
                sh "$smoke" "$programs" "$certificates" "$place" $options
            """

        /// The kernel gives process 1 no signal that would end it by default.
        @Test(arguments: [SIGTERM, SIGINT])
        func `As process 1 of a container it cannot be stopped`(signal: Int32) async throws {
            let scene = try await Scene()
            let offer = try await scene.offer(noise(4 << 20))
            let output = scene.path("copy")
            let get = try await scene.getCommand(offer, to: output, ["--limit-rate", "1M"])
            let unshare = ["-p", "--fork", "--kill-child", "--mount-proc"]
            let started = try scene.start(.system("unshare"), unshare + get, by: .reader)
            try await eventually("it tells of its progress") {
                String(decoding: started.output, as: UTF8.self).count(of: "progress") > 1 ? () : nil
            }
            let script = """
                for status in /proc/[0-9]*/stat; do
                    read -r id name state parent rest <"$status" || continue
                    if [ "$parent" = "$1" ]; then kill -"$2" "$id"; fi
                done
                """
            let numbers = ["\(started.pid)", "\(signal)"]
            try await scene.must(.system("sh"), ["-c", script, "sh"] + numbers, by: .stranger)
            let ended = try await started.wait()
            #expect(ended.code == 128 + signal, "\(ended.errors)")
            #expect(try await scene.get(offer, to: output).done().chunks.reused > 0)
            #expect(try await scene.isRight(output, offer))
        }

        @Test(arguments: [true, false])
        func `In a container, nothing works`(hasState: Bool) async throws {
            let scene = try await Scene()
            let place = scene.path("place")
            try Files.makeDirectory(place)
            let authority = scene.certificates.authority
            let unshare = ["-m", "--propagation", "private", "bash", "-c", Self.container]
            let program = try scene.start(
                .system("unshare"),
                unshare,
                by: .stranger,
                environment: [
                    "place": place, "programs": Program.directory, "smoke": Program.tool("lib/smoke.sh").path,
                    "certificates": authority.replacingSuffix("/ca.pem", with: ""),
                    "variables": hasState ? "XDG_CONFIG_HOME=\(place)/config XDG_STATE_HOME=\(place)/state" : "",
                    "options": hasState ? "" : "--no-state",
                ]
            )
            let ended = try await program.wait()
            #expect(ended.code == 0, "\(ended.errors)\(ended.text)")
            #expect(ended.text.contains("signed, served, fetched and verified"))
        }
    }
}
