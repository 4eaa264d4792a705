import Glibc
import TestSupport
import Testing

extension RootTests {
    @Suite("A worker that is started as root", .needsRoot("it becomes other users"))
    struct PrivilegeRootTests {
        private let scene: Scene
        private let published: Published

        init() async throws {
            scene = try await Scene()
            published = try await scene.publish(prose(100_000), chunkSize: 65_536)
        }

        /// The directories above what is served may be entered by everybody.
        private func open(_ path: String) throws {
            var above = path
            while above.hasPrefix(scene.path) {
                try #require(chmod(above, 0o755) == 0)
                above = above.split(separator: "/").dropLast().map { "/" + $0 }.joined()
            }
        }

        private func fetches(_ worker: Worker) async throws -> Bool {
            let command = ["-sS", "--cacert", scene.certificates.authority, worker.url + "files/data.bin"]
            return try await scene.run(.system("curl"), command, by: .reader).output == published.bytes
        }

        @Test func `With --user every thread is that user, for good, and a low port is bound before`() async throws {
            try open(published.root)
            let port = try await freeLowPort()
            let program = try scene.start(
                .server,
                [
                    "--cert", scene.certificates.server, "--root", published.root, "--listen", "127.0.0.1:\(port)",
                    "--user", "nobody:daemon",
                ],
                by: .publisher
            )
            let worker = try await Worker(program, port: program.listeningPort())
            #expect(worker.port == port)
            #expect(try await fetches(worker))
            let (user, group) = (try id("-u", "nobody"), try id("-g", "daemon"))
            for thread in try ThreadStatus.all(of: worker.program) {
                #expect(thread.fields["Uid"] == Array(repeating: user, count: 4).joined(separator: " "))
                #expect(thread.fields["Gid"] == Array(repeating: group, count: 4).joined(separator: " "))
                #expect(thread.fields["Groups"] == "")
                #expect(thread.capabilities == [0, 0, 0])
                #expect(thread.fields["NoNewPrivs"] == "1")
            }
            #expect(!worker.program.errors.contains("runs as root"))
        }

        @Test func `A renewed key that is root's alone keeps the pair in use`() async throws {
            try open(published.root)
            let (certificate, key) = (scene.path("tls/own.pem"), scene.path("tls/own.key"))
            try Files.copy(scene.certificates.server, to: certificate)
            try Files.copy(scene.certificates.serverKey, to: key)
            try open(scene.path("tls"))
            try #require(chmod(certificate, 0o644) == 0 && chmod(key, 0o600) == 0)
            let worker = try await scene.worker(root: published.root, ["--user", "nobody"], certificate: certificate)
            worker.program.signal(SIGHUP)
            try await worker.program.until("it may not read the key") {
                let line = "certificate not renewed, the one in use stays: cannot read \(key): Permission denied"
                return worker.program.errors.contains(line) ? () : nil
            }
            #expect(try await fetches(worker))
            // Once it may, it does.
            try #require(chown(key, 0, try #require(UInt32(id("-g", "nobody")))) == 0 && chmod(key, 0o640) == 0)
            worker.program.signal(SIGHUP)
            try await worker.program.says("certificate read again")
        }

        @Test func `Without --user it serves, may read every file and no more, and says so`()
            async throws
        {
            // Root as such may read files of others only by this capability.
            try #require(chown(published.file, 12_345, 12_345) == 0 && chmod(published.file, 0o600) == 0)
            let worker = try await scene.worker(root: published.root)
            #expect(try await fetches(worker))
            for thread in try ThreadStatus.all(of: worker.program) {
                #expect(thread.capabilities == [4, 4, 0])
                #expect(thread.fields["CapBnd"].flatMap { UInt64($0, radix: 16) } == 0)
                #expect(thread.fields["NoNewPrivs"] == "1")
            }
            let lines = worker.program.errors.split(separator: "\n").filter { $0.contains("runs as root") }
            #expect(lines.count == 1)
            #expect(lines.first?.contains("--user") == true)
            worker.program.signal(SIGHUP)
            try await worker.program.says("certificate read again")
        }

        @Test func `A root that the user may not read is refused before anything is served`() async throws {
            try open(scene.path)
            try #require(chmod(published.root, 0o700) == 0)
            let refused = try await scene.run(
                .server,
                [
                    "--cert", scene.certificates.server, "--root", published.root, "--listen", "127.0.0.1:0", "--user",
                    "nobody",
                ],
                by: .publisher
            )
            let failure = try refused.failed(
                [78],
                saying: ["the directory to serve cannot be read", "Permission denied"]
            )
            #expect(failure.hint.contains("--root"))
        }

        @Test func `Root that may not become another, as in some containers, is told so`() async throws {
            let refused = try await scene.run(
                .system("setpriv"),
                [
                    "--bounding-set=-setuid,-setgid", Program.server.path, "--cert", scene.certificates.server,
                    "--root",
                    published.root, "--listen", "127.0.0.1:0", "--user", "nobody",
                ],
                by: .publisher
            )
            let failure = try refused.failed(
                [78],
                saying: ["this process may not become nobody: Operation not permitted"]
            )
            #expect(failure.hint.contains("CAP_SETUID and CAP_SETGID"))
        }

        private func id(_ option: String, _ name: String) throws -> String {
            if option == "-u" { return "\(try #require(getpwnam(name)).pointee.pw_uid)" }
            return "\(try #require(getgrnam(name == "nobody" ? "nogroup" : name)).pointee.gr_gid)"
        }

        /// A port below 1024 at which nothing listens.
        private func freeLowPort() async throws -> Int {
            for port in 700..<1024 {
                let made = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
                defer { close(made) }
                var address = sockaddr_in()
                address.sin_family = sa_family_t(AF_INET)
                address.sin_port = UInt16(port).bigEndian
                address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
                let bound = withUnsafeBytes(of: &address) { raw in
                    raw.baseAddress.map { bind(made, $0.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count)) }
                }
                if bound == 0 { return port }
            }
            throw HarnessError("no port below 1024 is free")
        }
    }
}
