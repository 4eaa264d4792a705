import FDLSystem
import FDLTLS
import Glibc
import NIOCore
import NIOEmbedded

/// A server and a client whose handshake is done, in memory.
final class TLSPair {
    private static let contexts = Result { try TLSPair.makeContexts() }

    private let server = EmbeddedChannel()
    private let client = EmbeddedChannel()

    init() throws {
        let contexts = try Self.contexts.get()
        try server.pipeline.syncOperations.addHandler(TLSHandler(server: contexts.server))
        try client.pipeline.syncOperations.addHandler(TLSHandler(client: contexts.client, host: "localhost"))
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: 1)
        try server.connect(to: address).wait()
        try client.connect(to: address).wait()
        while true {
            let (up, down) = (try take(from: client), try take(from: server))
            if up.isEmpty, down.isEmpty { break }
            for buffer in up { try server.writeInbound(buffer) }
            for buffer in down { try client.writeInbound(buffer) }
        }
    }

    /// What the server would send.
    func encrypt(_ plaintext: ByteBuffer) throws -> [ByteBuffer] {
        server.writeAndFlush(plaintext, promise: nil)
        return try take(from: server)
    }

    /// What the client makes of it.
    /// - Returns: how many bytes.
    func decrypt(_ ciphertext: [ByteBuffer]) throws -> Int {
        for buffer in ciphertext { try client.writeInbound(buffer) }
        var count = 0
        while let plaintext = try client.readInbound(as: ByteBuffer.self) { count += plaintext.readableBytes }
        return count
    }

    private func take(from channel: EmbeddedChannel) throws -> [ByteBuffer] {
        var taken: [ByteBuffer] = []
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { taken.append(buffer) }
        return taken
    }

    /// With a certificate that the openssl program makes and that signs itself.
    private static func makeContexts() throws -> (server: TLSContext, client: TLSContext) {
        var template = Array("/tmp/fdl-measure-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw MeasureError("openssl made no certificate") }
        let directory = String(cString: made)
        defer { _ = system("rm -rf \(directory)") }
        let command = """
            cd \(directory) && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
            -keyout server.key -out server.pem -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
            """
        guard system(command) == 0 else { throw MeasureError("openssl made no certificate") }
        let certificate = directory + "/server.pem"
        let roots = try WholeFile.read(certificate, limit: 1 << 20)
        return (
            try TLSContext.server(TLSServerConfiguration(certificateChainPath: certificate)),
            try TLSContext.client(TLSClientConfiguration(trustRoots: .pem(roots)))
        )
    }
}
