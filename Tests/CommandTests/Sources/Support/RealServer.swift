import Glibc
import TestSupport

/// A real server over TLS on loopback, started as whoever runs the tests, with its files in the test's directory.
final class RealServer: Sendable {
    /// What its configuration is written from.
    struct Setting: Sendable {
        let port: Int
        /// A directory of its own.
        let place: String
        let certificate: String
        let key: String
        let authority: String

        /// Writes a file into its place.
        /// - Returns: the file's path.
        func write(_ text: String, _ name: String) throws -> String {
            try Files.write(Array(text.utf8), to: "\(place)/\(name)")
            return "\(place)/\(name)"
        }

        /// Certificate and key in one file, as some servers want them.
        func both() throws -> String {
            try write(String(decoding: Files.read(certificate) + Files.read(key), as: UTF8.self), "both.pem")
        }
    }

    /// The servers of the table that serve a directory.
    enum Static: String, CaseIterable, Sendable {
        case nginx, apache2, caddy, lighttpd, python3
    }

    private let program: RunningProgram
    let port: Int
    private let place: String

    var url: String { "https://127.0.0.1:\(port)/" }

    private init(_ program: RunningProgram, port: Int, place: String) {
        self.program = program
        self.port = port
        self.place = place
    }

    /// None of them can choose a port itself: one that is free now is tried, and another if it was taken meanwhile.
    /// - Parameters:
    ///   - certificate: another than that of the scene, with its key beside it.
    ///   - command: writes the configuration, and says what is run. The log of requests is its file `access`.
    static func start(
        _ name: String,
        in scene: Scene,
        certificate: String? = nil,
        _ command: (Setting) throws -> [String]
    ) async throws -> RealServer {
        var said = ""
        for _ in 0..<10 {
            let port = try freePort()
            let setting = Setting(
                port: port,
                place: scene.path("\(name)-\(port)"),
                certificate: certificate ?? scene.certificates.server,
                key: certificate?.replacingSuffix(".pem", with: ".key") ?? scene.certificates.serverKey,
                authority: scene.certificates.authority
            )
            try Files.makeDirectory(setting.place)
            let words = try command(setting)
            let program = try scene.start(.system(words[0]), Array(words.dropFirst()), by: .publisher)
            let isUp = try await eventually("\(name) listens or ends") { () -> Bool? in
                if accepts(port: port) { return program.isRunning }
                return program.isRunning ? nil : false
            }
            if isUp { return RealServer(program, port: port, place: setting.place) }
            said = program.errors + String(decoding: program.output, as: UTF8.self)
        }
        throw HarnessError("\(name) does not start:\n\(said)")
    }

    /// Stops it, so that its log is written, and gives the log's lines: one a request.
    func log() async throws -> [Substring] {
        program.signal(SIGTERM)
        _ = try await program.wait()
        return try String(decoding: Files.read(place + "/access"), as: UTF8.self).split(separator: "\n")
    }
}

extension [Substring] {
    /// How many lines are about this part of a tree.
    func count(of part: String) -> Int { count { $0.contains(part) } }
}
