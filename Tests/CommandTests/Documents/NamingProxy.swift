import TestSupport

/// A proxy (CONNECT) that knows where the hosts of a page are on this machine, since nobody may write to /etc/hosts.
final class NamingProxy: Sendable {
    private let program: RunningProgram
    private let names: String
    private let known = SharedMutex<[String: Int]>([:])
    let url: String

    private init(_ program: RunningProgram, port: Int, names: String) {
        self.program = program
        self.names = names
        url = "http://127.0.0.1:\(port)"
    }

    static func start(in scene: Scene) async throws -> NamingProxy {
        let names = scene.path("names")
        try Files.write([], to: names)
        let program = try scene.start(.system("python3"), ["-c", script, names], by: .stranger)
        let port = try await program.until("it listens") {
            let said = String(decoding: program.output, as: UTF8.self)
            return said.hasSuffix("\n") ? Int(said.dropLast()) : nil
        }
        return NamingProxy(program, port: port, names: names)
    }

    /// From now on the host, at any port, is this port of 127.0.0.1.
    func lead(_ host: String, to port: Int) throws {
        let lines = known.withLock { known in
            known[host] = port
            return known.map { "\($0.key) \($0.value)\n" }.joined()
        }
        try Files.write(Array(lines.utf8), to: names)
    }

    private static let script = """
        import asyncio, sys

        async def copy(reader, writer):
            try:
                while part := await reader.read(65536):
                    writer.write(part)
                    await writer.drain()
                writer.write_eof()
            except OSError: pass

        async def serve(reader, writer):
            try:
                host = (await reader.readuntil(b"\\r\\n\\r\\n")).split()[1].decode().rpartition(":")[0]
                with open(sys.argv[1]) as file: port = dict(line.split() for line in file).get(host)
                if port is None: writer.write(b"HTTP/1.1 502 No such host\\r\\n\\r\\n")
                else:
                    far_reader, far = await asyncio.open_connection("127.0.0.1", int(port))
                    writer.write(b"HTTP/1.1 200 OK\\r\\n\\r\\n")
                    await asyncio.gather(copy(reader, far), copy(far_reader, writer))
                    far.close()
            except OSError: writer.write(b"HTTP/1.1 502 Nothing there\\r\\n\\r\\n")
            writer.close()

        async def main():
            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            print(server.sockets[0].getsockname()[1], flush=True)
            await server.serve_forever()

        asyncio.run(main())
        """
}
