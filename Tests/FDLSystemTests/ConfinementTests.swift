import FDLCore
import Glibc
import TestSupport
import Testing

@testable import FDLSystem

@Suite("What a process gives up")
struct ConfinementTests {
    @Test("Landlock takes what its version knows, and never less than the version before", arguments: 1...9)
    func landlock(version: Int) {
        let rights = LandlockRights(version: version)
        let before = LandlockRights(version: max(1, version - 1))
        #expect(rights.files & before.files == before.files)
        #expect(rights.files & 0x1fff == 0x1fff)
        #expect((rights.files & 1 << 14 != 0) == (version >= 3))
        #expect((rights.network == 0b11) == (version >= 4))
        #expect((rights.scopes == 0b11) == (version >= 6))
        // What is allowed is a part of what is forbidden, or the kernel refuses the rule.
        for allowed in [rights.reading(isDirectory: true), rights.reading(isDirectory: false), rights.appending] {
            #expect(allowed & rights.files == allowed && allowed != 0)
        }
        #expect(rights.reading(isDirectory: true) & LandlockRights.writeFile == 0)
        #expect(rights.appending & LandlockRights.readFile == 0)
    }

    @Test("Users and groups, by name and by number")
    func identities() throws {
        #expect(try UserIdentity("root") == UserIdentity(user: 0, group: 0))
        let nobody = try UserIdentity("nobody")
        #expect(nobody.user != 0 && nobody.group != 0)
        #expect(try UserIdentity("nobody:root") == UserIdentity(user: nobody.user, group: 0))
        #expect(try UserIdentity("54321") == UserIdentity(user: 54_321, group: 54_321))
        #expect(try UserIdentity("54321:7") == UserIdentity(user: 54_321, group: 7))
        for name in ["", "no such user", "-1", "4294967295", "4294967296", ":root"] {
            let user = String(name.split(separator: ":", omittingEmptySubsequences: false)[0])
            #expect(throws: ConfinementError.unknownUser(user)) { try UserIdentity(name) }
        }
        #expect(throws: ConfinementError.unknownGroup("")) { try UserIdentity("root:") }
        #expect(throws: ConfinementError.unknownGroup("a:b")) { try UserIdentity("root:a:b") }
    }

    @Test("Of a file its directories stay readable, before and after links are resolved")
    func directories() throws {
        let folder = try TemporaryFolder()
        let archived = try folder.write([1], "archive/a.example/cert1.pem")
        let live = folder.path + "/live/a.example"
        try Files.makeDirectory(live)
        try #require(symlink("../../archive/a.example/cert1.pem", live + "/cert.pem") == 0)
        #expect(
            Confinement.directories(of: live + "/cert.pem") == [live, folder.path + "/archive/a.example"]
        )
        #expect(Set(Confinement.directories(of: archived)) == [folder.path + "/archive/a.example"])
        #expect(Set(Confinement.directories(of: "/cert.pem")) == ["/cert.pem"])
        #expect(Set(Confinement.directories(of: "cert.pem")) == ["."])
    }

    @Test("A root that is a link may be turned to what lies beside its target")
    func roots() throws {
        let folder = try TemporaryFolder()
        try folder.write([1], "releases/1/a")
        let (link, plain) = (folder.path + "/current", folder.path + "/releases/1")
        try #require(symlink("releases/1", link) == 0)
        #expect(Confinement.directories(ofRoot: plain) == [plain])
        #expect(Confinement.directories(ofRoot: link) == [link, folder.path + "/releases"])
    }
}

@Suite("The service manager")
struct ServiceManagerTests {
    @Test("Sockets are taken if they are for this process")
    func sockets() {
        func taken(_ process: Int32, _ pid: String?, _ count: String?) -> [Int32] {
            ServiceManager.inheritedSockets(process: process, listenPID: pid, listenFDs: count)
        }
        #expect(taken(7, "7", "2") == [3, 4])
        #expect(taken(7, "8", "2") == [])
        #expect(taken(7, nil, "2") == [])
        #expect(taken(7, "7", nil) == [])
        #expect(taken(7, "7", "-1") == [])
        #expect(taken(7, "7", "x") == [])
        #expect(taken(7, "7", "1000000").count == 64)
    }

    @Test("It is told by datagrams, and a name that leads nowhere is no fault", arguments: [false, true])
    func notices(abstract: Bool) throws {
        let folder = try TemporaryFolder()
        let receiver = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(receiver) }
        let name = abstract ? "@fdl-test-\(getpid())-\(folder.path.hashValue)" : folder.path + "/notify"
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(name.utf8)
        if abstract { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let bound = withUnsafeBytes(of: &address) { raw in
            raw.baseAddress.map {
                bind(receiver, $0.assumingMemoryBound(to: sockaddr.self), socklen_t(2 + bytes.count))
            }
        }
        try #require(bound == 0)
        func next() -> String {
            var buffer = [UInt8](repeating: 0, count: 256)
            let count = recv(receiver, &buffer, buffer.count, 0)
            return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        }
        let manager = ServiceManager(path: name)
        manager.ready()
        #expect(next() == "READY=1\nSTATUS=serving")
        manager.reloading()
        #expect(next().hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
        manager.stopping()
        #expect(next() == "STOPPING=1\nSTATUS=draining")
        for path in ["", "@", "relative", "/none/there", "/" + String(repeating: "a", count: 200)] {
            ServiceManager(path: path).ready()
        }
        ServiceManager(path: nil).ready()
    }

    @Test("A descriptor that is no listening TCP socket is refused")
    func inherited() throws {
        let listening = try ListeningSocket(host: "127.0.0.1", port: 0)
        #expect(listening.host == "127.0.0.1" && listening.port != 0)
        let again = try ListeningSocket(inherited: dup(listening.take()))
        #expect(again.port == listening.port)
        let idle = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let datagrams = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        let plain = open("/dev/null", O_RDONLY)
        defer { for descriptor in [idle, datagrams, plain] { close(descriptor) } }
        for (descriptor, code) in [(idle, EINVAL), (datagrams, EINVAL), (plain, ENOTSOCK), (9_999, EBADF)] {
            let error = #expect(throws: SystemError.self) { try ListeningSocket(inherited: descriptor) }
            #expect(error?.code == code)
        }
        let taken = #expect(throws: SystemError.self) { try ListeningSocket(host: "127.0.0.1", port: again.port) }
        #expect(taken?.code == EADDRINUSE)
        let unknown = #expect(throws: SystemError.self) { try ListeningSocket(host: "no.such.invalid", port: 0) }
        #expect(unknown?.code == 0)
    }
}
