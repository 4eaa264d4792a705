import TestSupport

/// A real proxy on loopback, started as whoever runs the tests, with its files in the test's directory.
final class ForwardProxy: Sendable {
    private let program: RunningProgram
    let port: Int
    private let place: String

    private init(_ program: RunningProgram, port: Int, place: String) {
        self.program = program
        self.port = port
        self.place = place
    }

    deinit {
        // squid keeps what its processes share in files that outlive it where it is killed.
        let shared = "/dev/shm/"
        for name in (try? Files.list(shared)) ?? [] where name.hasPrefix(Self.squidName(port) + "-") {
            try? Files.remove(shared + name)
        }
    }

    private static func squidName(_ port: Int) -> String { "fdltest\(port)" }

    enum Kind: String, CaseIterable, Sendable {
        case squid, tinyproxy, microsocks, danted

        var scheme: String {
            switch self {
            case .squid, .tinyproxy: "http"
            case .microsocks, .danted: "socks5h"
            }
        }

        /// The password that it wants if it wants one; tinyproxy's configuration takes letters and digits alone.
        var password: String { self == .tinyproxy ? "passw0rd" : "p@ss:w/rd" }
        /// User name and password, as they stand in a URL.
        var userinfo: String { self == .tinyproxy ? "user:passw0rd" : "user:p%40ss%3Aw%2Frd" }
    }

    /// - Parameters:
    ///   - wantsLogin: whether it lets nobody in without.
    ///   - allowed: the ports that it lets through; nil for all.
    ///   - name: a name of 127.0.0.1 that nobody else knows; for squid.
    static func start(
        _ kind: Kind,
        in scene: Scene,
        wantsLogin: Bool = false,
        allowed: [Int]? = nil,
        name: String? = nil
    ) async throws -> ForwardProxy {
        var said = ""
        for _ in 0..<10 {
            let port = try freePort()
            let place = scene.path("\(kind.rawValue)-\(port)")
            try Files.makeDirectory(place)
            let setting = Setting(port: port, place: place, wantsLogin: wantsLogin, allowed: allowed, name: name)
            let command = try await setting.command(of: kind, in: scene)
            let program = try scene.start(.system(command[0]), Array(command.dropFirst()), by: .publisher)
            let isUp = try await eventually("\(kind.rawValue) listens or ends") { () -> Bool? in
                if accepts(port: port) { return program.isRunning }
                return program.isRunning ? nil : false
            }
            let proxy = ForwardProxy(program, port: port, place: place)
            if isUp { return proxy }
            said = proxy.log
        }
        throw HarnessError("\(kind.rawValue) does not start:\n\(said)")
    }

    /// All that it has written to its logs.
    var log: String {
        let files = ["access.log", "log"].compactMap { try? Files.read("\(place)/\($0)") }
        return files.map { String(decoding: $0, as: UTF8.self) }.joined() + program.errors
            + String(decoding: program.output, as: UTF8.self)
    }

    func signal(_ number: Int32) { program.signal(number) }

    private struct Setting {
        let port: Int
        let place: String
        let wantsLogin: Bool
        let allowed: [Int]?
        let name: String?

        func command(of kind: Kind, in scene: Scene) async throws -> [String] {
            switch kind {
            case .squid:
                if wantsLogin {
                    let script = "printf '%s:%s\\n' \"$1\" \"$(openssl passwd -apr1 \"$2\")\" > \"$3\""
                    let words = ["-c", script, "sh", "user", kind.password, place + "/users"]
                    try await scene.must(.system("sh"), words, by: .publisher)
                }
                try Files.write(Array("127.0.0.1 localhost \(name ?? "")\n".utf8), to: place + "/hosts")
                try Files.write(Array(squid.utf8), to: place + "/conf")
                return ["squid", "-N", "-n", ForwardProxy.squidName(port), "-f", place + "/conf"]
            case .tinyproxy:
                try Files.write(Array(tinyproxy.utf8), to: place + "/conf")
                return ["tinyproxy", "-d", "-c", place + "/conf"]
            case .microsocks:
                let login = wantsLogin ? ["-u", "user", "-P", kind.password] : []
                return ["microsocks", "-i", "127.0.0.1", "-p", "\(port)"] + login
            case .danted:
                try Files.write(Array(danted.utf8), to: place + "/conf")
                return ["danted", "-f", place + "/conf", "-p", place + "/pid"]
            }
        }

        private var squid: String {
            let login = """
                auth_param basic program /usr/lib/squid/basic_ncsa_auth \(place)/users
                auth_param basic children 1 startup=1
                acl known proxy_auth REQUIRED
                http_access deny !known

                """
            let ports = allowed.map { $0.map(String.init).joined(separator: " ") } ?? "1-65535"
            return """
                http_port 127.0.0.1:\(port)
                pid_filename none
                visible_hostname proxy.test
                hosts_file \(place)/hosts
                cache deny all
                cache_log \(place)/log
                access_log stdio:\(place)/access.log
                coredump_dir \(place)
                netdb_filename none
                pinger_enable off
                shutdown_lifetime 0 seconds
                connect_timeout 5 seconds
                acl to_allowed port \(ports)
                \(wantsLogin ? login : "")http_access allow CONNECT to_allowed
                http_access deny all

                """
        }

        private var tinyproxy: String {
            let ports = allowed?.map { "ConnectPort \($0)\n" }.joined() ?? ""
            let login = wantsLogin ? "BasicAuth user \(Kind.tinyproxy.password)\n" : ""
            return """
                Port \(port)
                Listen 127.0.0.1
                Timeout 60
                LogFile "\(place)/log"
                LogLevel Connect
                PidFile "\(place)/pid"
                MaxClients 100
                Allow 127.0.0.1
                \(ports)\(login)
                """
        }

        private var danted: String {
            """
            logoutput: \(place)/log
            internal: 127.0.0.1 port = \(port)
            external: 127.0.0.1
            clientmethod: none
            socksmethod: none
            client pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }
            socks pass {
                from: 127.0.0.0/8 to: 0.0.0.0/0\(allowed.map { " port = \($0[0])" } ?? "")
                command: connect
                log: connect
            }

            """
        }
    }
}
