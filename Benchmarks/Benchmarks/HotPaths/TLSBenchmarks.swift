import Benchmark
import FDLTLS
import Glibc
import NIOCore
import NIOEmbedded

func tlsBenchmarks() {
    Benchmark("TLS write, 16 MiB") { benchmark in
        let pair = try TLSPair()
        let plaintext = ByteBuffer(repeating: 7, count: 1 << 20)
        benchmark.startMeasurement()
        for _ in 0..<16 { blackHole(try pair.encrypt(plaintext)) }
        benchmark.stopMeasurement()
    }

    Benchmark("TLS read, 16 MiB") { benchmark in
        let pair = try TLSPair()
        let plaintext = ByteBuffer(repeating: 7, count: 1 << 20)
        let ciphertext = try (0..<16).map { _ in try pair.encrypt(plaintext) }
        benchmark.startMeasurement()
        for batch in ciphertext { try pair.decrypt(batch) }
        benchmark.stopMeasurement()
    }

    Benchmark("TLS handshake, both sides") { benchmark in
        for _ in benchmark.scaledIterations { blackHole(try TLSPair()) }
    }
}

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

    /// What the client makes of it, thrown away.
    func decrypt(_ ciphertext: [ByteBuffer]) throws {
        for buffer in ciphertext { try client.writeInbound(buffer) }
        while let plaintext = try client.readInbound(as: ByteBuffer.self) { blackHole(plaintext) }
    }

    private func take(from channel: EmbeddedChannel) throws -> [ByteBuffer] {
        var taken: [ByteBuffer] = []
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { taken.append(buffer) }
        return taken
    }

    /// With a certificate that the openssl program makes and that signs itself.
    private static func makeContexts() throws -> (server: TLSContext, client: TLSContext) {
        var template = Array("/tmp/fdl-benchmark-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw BenchmarkFailure.noCertificate }
        let directory = String(cString: made)
        defer { _ = system("rm -rf \(directory)") }
        let command = """
            cd \(directory) && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
            -keyout server.key -out server.pem -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
            """
        guard system(command) == 0 else { throw BenchmarkFailure.noCertificate }
        let certificate = directory + "/server.pem"
        let roots = try readFile(certificate)
        return (
            try TLSContext.server(TLSServerConfiguration(certificateChainPath: certificate)),
            try TLSContext.client(TLSClientConfiguration(trustRoots: .pem(roots)))
        )
    }

    private static func readFile(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "r") else { throw BenchmarkFailure.noCertificate }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        return Array(bytes[..<fread(&bytes, 1, bytes.count, file)])
    }
}

enum BenchmarkFailure: Error {
    case noCertificate
    case noManifest
}
