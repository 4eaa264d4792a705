import Glibc
import TestSupport
import Testing

/// What a thread of a program may do, as `/proc/PID/task/TID/status` has it.
struct ThreadStatus {
    let fields: [String: String]

    /// Those of all threads that are the program's.
    static func all(of program: RunningProgram) throws -> [ThreadStatus] {
        var threads = try Files.list("/proc/\(program.pid)/task").compactMap { Int($0) }.sorted()
        if Sanitizer.hasThread { threads.remove(at: 1) }
        return try threads.map { thread in
            let text = String(decoding: try Files.read("/proc/\(program.pid)/task/\(thread)/status"), as: UTF8.self)
            var fields: [String: String] = [:]
            for line in text.split(separator: "\n") {
                let parts = line.split(separator: ":", maxSplits: 1)
                let words = (parts.count > 1 ? parts[1] : "").split { $0 == "\t" || $0 == " " }
                fields[String(parts[0])] = words.joined(separator: " ")
            }
            return ThreadStatus(fields: fields)
        }
    }

    /// The capabilities in effect, permitted and inheritable.
    var capabilities: [UInt64?] { ["CapEff", "CapPrm", "CapInh"].map { UInt64(fields[$0] ?? "", radix: 16) } }
}

@Suite("A confined worker, as an ordinary user")
struct ConfinedWorkerTests {
    private let scene: Scene
    private let published: Published

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(prose(100_000), chunkSize: 65_536)
    }

    private func fetches(_ worker: Worker, authority: String? = nil) async throws -> Bool {
        let command = ["-sS", "--cacert", authority ?? scene.certificates.authority, worker.url + "files/data.bin"]
        return try await scene.run(.system("curl"), command, by: .reader).output == published.bytes
    }

    @Test func `No thread has a capability, gains one, leaves a core or shows its memory`() async throws {
        let worker = try await scene.worker(root: published.root)
        #expect(try await fetches(worker))
        let threads = try ThreadStatus.all(of: worker.program)
        #expect(threads.count > 3)
        for thread in threads {
            #expect(thread.fields["NoNewPrivs"] == "1")
            if geteuid() != 0 { #expect(thread.capabilities == [0, 0, 0]) }
        }
        let limits = String(decoding: try Files.read("/proc/\(worker.program.pid)/limits"), as: UTF8.self)
        let core = limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") }
        #expect(core?.split(separator: " ").dropFirst(4).prefix(2) == ["0", "0"])
    }

    @Test func `Memory and descriptors are nobody else's to look at`() async throws {
        let options = ["--cert", scene.certificates.server, "--root", published.root, "--listen", "127.0.0.1:0"]
        // As nobody but a test starts it.
        let command = ["-u", "FDL_TEST_DUMPABLE", Program.server.path] + options
        let program = try scene.start(.system("env"), command, by: .publisher)
        _ = try await program.listeningPort()
        if geteuid() != 0 {
            #expect(throws: (any Error).self) { try Files.list("/proc/\(program.pid)/fd") }
            #expect(open("/proc/\(program.pid)/mem", O_RDONLY) < 0)
        } else {
            // Root may look; but the files are no longer the user's own.
            #expect(try Files.list("/proc/\(program.pid)/fd").isEmpty == false)
        }
    }

    @Test func `A renewal in the way of certbot is taken up: the link in live turns within archive`() async throws {
        let (live, archive) = (scene.path("etc/live/a"), scene.path("etc/archive/a"))
        let made = try await Certificates.ofAnotherAuthority()
        try Files.makeDirectory(live)
        for (number, source) in [(1, scene.certificates), (2, made)] {
            try Files.copy(source.server, to: "\(archive)/fullchain\(number).pem")
            try Files.copy(source.serverKey, to: "\(archive)/privkey\(number).pem")
        }
        func turn(to number: Int) {
            for name in ["fullchain", "privkey"] {
                unlink("\(live)/\(name).pem")
                symlink("../../archive/a/\(name)\(number).pem", "\(live)/\(name).pem")
            }
        }
        turn(to: 1)
        let options = ["--key", live + "/privkey.pem"]
        let worker = try await scene.worker(root: published.root, options, certificate: live + "/fullchain.pem")
        turn(to: 2)
        worker.program.signal(SIGHUP)
        try await worker.program.says("certificate read again")
        #expect(try await fetches(worker, authority: made.authority))
    }

    @Test func `Files elsewhere are out of reach, whoever may read them`() async throws {
        let place = scene.path("tls")
        try Files.copy(scene.certificates.server, to: place + "/own/tls.pem")
        try Files.copy(scene.certificates.serverKey, to: place + "/own/tls.key")
        try Files.copy(scene.certificates.server, to: place + "/other/tls.pem")
        try Files.copy(scene.certificates.serverKey, to: place + "/other/tls.key")
        try #require(symlink("own/tls.pem", place + "/tls.pem") == 0)
        let options = ["--key", place + "/own/tls.key"]
        let worker = try await scene.worker(root: published.root, options, certificate: place + "/own/tls.pem")
        // A hand that turns the file to a link gets no file that the worker was not started with.
        unlink(place + "/own/tls.pem")
        try #require(symlink("../other/tls.pem", place + "/own/tls.pem") == 0)
        worker.program.signal(SIGHUP)
        try await worker.program.until("it may not read it") {
            let line = "the one in use stays: cannot read \(place)/own/tls.pem: Permission denied"
            let none = worker.program.errors.contains("has no Landlock")
            return none || worker.program.errors.contains(line) ? () : nil
        }
        #expect(try await fetches(worker))
    }

    @Test func `A root that is a link is followed to the next release`() async throws {
        let releases = scene.path("releases")
        try Files.copy(published.file, to: releases + "/1/data.bin")
        let next = noise(1_000)
        try Files.write(next, to: releases + "/2/data.bin")
        let root = scene.path("current")
        try #require(symlink("releases/1", root) == 0)
        let worker = try await scene.worker(root: root)
        #expect(try await fetches(worker))
        unlink(root)
        try #require(symlink("releases/2", root) == 0)
        let command = ["-sS", "--cacert", scene.certificates.authority, worker.url + "files/data.bin"]
        var tries = 0
        while try await scene.run(.system("curl"), command, by: .reader).output != next {
            // What is unknown makes the worker look at its root.
            let unknown = [worker.url + "manifests/unknown.json"]
            _ = try await scene.run(.system("curl"), Array(command.dropLast()) + unknown, by: .reader)
            tries += 1
            try #require(tries < 1_000, "the next release is not served")
        }
    }

    @Test func `Users that are not to be had are named, each with what to do`() async throws {
        let command = ["--cert", scene.certificates.server, "--root", published.root, "--listen", "127.0.0.1:0"]
        let unknown = try await scene.run(.server, command + ["--user", "no-such-user"], by: .publisher)
        try unknown.failed(78, saying: "there is no user no-such-user")
        let group = try await scene.run(.server, command + ["--user", "root:no-such-group"], by: .publisher)
        try group.failed(78, saying: "there is no group no-such-group")
        guard geteuid() != 0 else { return }
        let other = try await scene.run(.server, command + ["--user", "root"], by: .publisher)
        try other.failed(78, saying: "only root may become root")
        let own = try await scene.worker(root: published.root, ["--user", "\(geteuid()):\(getegid())"])
        #expect(try await fetches(own))
    }

    @Test func `A port below 1024 is root's, and the hint says what there is instead`() async throws {
        let text = String(decoding: try Files.read("/proc/sys/net/ipv4/ip_unprivileged_port_start"), as: UTF8.self)
        let first = Int(text.filter(\.isNumber)) ?? 1024
        // Where the system lets everybody have such ports, and where root has them all, there is nothing to say.
        guard first > 1, geteuid() != 0 else { return }
        let command = ["--cert", scene.certificates.server, "--root", published.root, "--listen", "127.0.0.1:1"]
        let refused = try await scene.run(.server, command, by: .publisher)
        let failure = try refused.failed([78], saying: ["cannot listen on 127.0.0.1:1: permission denied"])
        #expect(failure.hint.contains("--user NAME"))
    }
}
