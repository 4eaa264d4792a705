import FDLCore
import FDLTLS
import Glibc
import NIOCore
import TestSupport
import Testing

@Suite("Against the openssl program", .timeLimit(.minutes(10)))
struct OpenSSLProgramTests {
    // MARK: Our server

    /// s_client against a server of ours.
    private func client(_ arguments: [String], _ port: Int, _ authority: Authority) throws -> RunningProgram {
        try RunningProgram(
            "openssl",
            ["s_client", "-connect", "127.0.0.1:\(port)", "-CAfile", "ca.pem", "-verify_return_error"] + arguments,
            directory: authority.directory,
            input: .written
        )
    }

    @Test("s_client talks to our server", arguments: [("-tls1_2", TLSVersion.tls12), ("-tls1_3", .tls13)])
    func server(flag: String, version: TLSVersion) async throws {
        let authority = try await Authority()
        let listener = try await Listener(context: try authority.server(try await authority.issue()))
        let there = try client([flag, "-alpn", "h2,http/1.1", "-servername", "localhost"], listener.port, authority)
        let here = try await listener.accept()
        let event = try #require(await here.handshake())
        #expect(event.version == version)
        #expect(event.cipher.contains("AES128-GCM") || event.cipher.contains("AES_128_GCM"))
        try there.write("question\n")
        #expect(await here.bytes(9) == ByteBuffer(string: "question\n"))
        try await here.send("answer\n")
        try await here.close()
        let result = try await there.wait()
        #expect(result.code == 0)
        #expect(result.text.contains("answer\n"))
        #expect(result.text.contains("Verify return code: 0 (ok)"))
        #expect(result.text.contains("ALPN protocol: http/1.1"))
        #expect(result.text.contains("Compression: NONE"))
        #expect(result.text.contains("Secure Renegotiation IS") || version == .tls13)
    }

    @Test(
        "What we do not speak is refused",
        arguments: [
            (["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], TLSError.noSharedProtocol),
            (["-tls1", "-cipher", "DEFAULT@SECLEVEL=0"], .noSharedProtocol),
            (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256"], .noSharedCipher),
            (["-tls1_2", "-cipher", "AES128-GCM-SHA256"], .noSharedCipher),
            (["-alpn", "h2"], .protocolViolation(reason: "no application protocol")),
        ]
    )
    func refused(arguments: [String], error: TLSError) async throws {
        let authority = try await Authority()
        let listener = try await Listener(context: try authority.server(try await authority.issue()))
        let there = try client(arguments, listener.port, authority)
        #expect(await (try listener.accept()).error() == error)
        #expect(try await there.wait().code != 0)
    }

    @Test(
        "The groups of the key exchange",
        arguments: [("P-256", true), ("P-384", true), ("X25519", true), ("X448", false)]
    )
    func groups(name: String, isSpoken: Bool) async throws {
        let authority = try await Authority()
        let listener = try await Listener(context: try authority.server(try await authority.issue()))
        let there = try client(["-tls1_3", "-groups", name], listener.port, authority)
        let here = try await listener.accept()
        #expect(await (here.handshake() != nil) == isSpoken)
        try await here.close()
        #expect(try await (there.wait().code == 0) == isSpoken)
    }

    @Test("Finite-field groups are refused before anything is calculated", arguments: ["ffdhe2048", "ffdhe8192"])
    func finiteFields(group: String) async throws {
        let authority = try await Authority()
        let listener = try await Listener(context: try authority.server(try await authority.issue()))
        let there = try client(["-tls1_3", "-groups", group], listener.port, authority)
        #expect(await (try listener.accept()).error() == .protocolViolation(reason: "no suitable key share"))
        #expect(try await there.wait().code != 0)
    }

    @Test("A client may not renegotiate")
    func renegotiation() async throws {
        let authority = try await Authority()
        let listener = try await Listener(context: try authority.server(try await authority.issue()))
        let there = try client(["-tls1_2"], listener.port, authority)
        let here = try await listener.accept()
        _ = try #require(await here.handshake())
        try there.write("R\n")
        let result = try await there.wait()
        #expect(result.errors.contains("no renegotiation"))
    }

    @Test("New keys within a connection are taken up")
    func keyUpdate() async throws {
        let authority = try await Authority()
        let listener = try await Listener(context: try authority.server(try await authority.issue()))
        let there = try client(["-tls1_3"], listener.port, authority)
        let here = try await listener.accept()
        _ = try #require(await here.handshake())
        try there.write("K\n")
        try await there.until("it says KEYUPDATE") { there.errors.contains("KEYUPDATE") ? () : nil }
        try there.write("after\n")
        #expect(await here.bytes(6) == ByteBuffer(string: "after\n"))
        try await here.send("also after\n")
        try await there.until("it has the answer") { there.output.contains("also after".utf8) ? () : nil }
        try await here.close()
        #expect(try await there.wait().code == 0)
    }

    @Test("Our tickets let s_client resume", arguments: ["-tls1_2", "-tls1_3"])
    func serverResumes(flag: String) async throws {
        let authority = try await Authority()
        let listener = try await Listener(context: try authority.server(try await authority.issue()))
        for expectation in [(["-sess_out", "session.pem"], false), (["-sess_in", "session.pem"], true)] {
            let there = try client([flag] + expectation.0, listener.port, authority)
            let here = try await listener.accept()
            let event = try #require(await here.handshake())
            #expect(event.resumed == expectation.1)
            try there.write("Q\n")
            #expect(try await there.wait().code == 0)
        }
    }

    // MARK: Our client

    /// s_server that answers each line with its reverse, and its port.
    private func server(_ arguments: [String], _ authority: Authority) async throws -> (RunningProgram, Int) {
        let program = try RunningProgram(
            "openssl",
            ["s_server", "-accept", "127.0.0.1:0", "-cert", "server.pem", "-key", "server.key", "-rev"] + arguments,
            directory: authority.directory,
            input: .written
        )
        let port = try await program.until("it says its port") {
            let line = String(decoding: program.output, as: UTF8.self).split(separator: "\n").first {
                $0.contains("ACCEPT")
            }
            return line?.split(separator: ":").last.flatMap { Int($0) }
        }
        return (program, port)
    }

    @Test("Our client talks to s_server and resumes", arguments: [("-tls1_2", TLSVersion.tls12), ("-tls1_3", .tls13)])
    func client(flag: String, version: TLSVersion) async throws {
        let authority = try await Authority()
        _ = try await authority.issue()
        let (server, port) = try await server([flag], authority)
        defer { server.signal(SIGKILL) }
        let context = try authority.client()
        let sessions = TLSSessionCache()
        for resumed in [false, true, true] {
            let there = try await Peer.connect(to: port, context: context, sessions: sessions)
            let event = try #require(await there.handshake())
            #expect(event.version == version)
            #expect(event.resumed == resumed)
            try await there.send("stressed\n")
            #expect(await there.bytes(9) == ByteBuffer(string: "desserts\n"))
            try await there.close()
        }
    }

    @Test(
        "A server that speaks nothing we speak",
        arguments: [
            (["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], TLSError.noSharedProtocol),
            (["-tls1_2", "-cipher", "AES128-GCM-SHA256"], .peerAlert(TLSAlert(code: 40))),
        ]
    )
    func clientRefused(arguments: [String], error: TLSError) async throws {
        let authority = try await Authority()
        _ = try await authority.issue()
        let (server, port) = try await server(arguments, authority)
        defer { server.signal(SIGKILL) }
        let there = try await Peer.connect(to: port, context: try authority.client())
        #expect(await there.error() == error)
    }

    @Test("A server that is killed leaves a truncated connection", arguments: ["-tls1_2", "-tls1_3"])
    func killedServer(flag: String) async throws {
        let authority = try await Authority()
        _ = try await authority.issue()
        let (server, port) = try await server([flag], authority)
        let there = try await Peer.connect(to: port, context: try authority.client(), halfClosure: true)
        _ = try #require(await there.handshake())
        try await there.send("abc\n")
        #expect(await there.bytes(4) == ByteBuffer(string: "cba\n"))
        server.signal(SIGKILL)
        #expect(await there.rest().map(\.description) == ["error \(TLSError.truncated)", "inactive"])
    }
}
