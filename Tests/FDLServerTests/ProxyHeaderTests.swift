import FDLCore
import NIOCore
import NIOEmbedded
import TestSupport
import Testing

@testable import FDLServer

@Suite("The PROXY protocol")
struct ProxyHeaderTests {
    private static let signature: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]

    private static func binary(_ command: UInt8, _ family: UInt8, _ rest: [UInt8], length: Int? = nil) -> [UInt8] {
        let length = length ?? rest.count
        return signature + [command, family, UInt8(length >> 8), UInt8(length & 255)] + rest
    }

    private static func header(_ address: String?, _ port: UInt16 = 0, _ length: Int) -> ProxyHeader.Outcome {
        let bytes = address.flatMap { IPAddress.bytes(of: $0) }
        return .header(
            ProxyHeader(
                client: bytes.map { ProxyHeader.Client(address: ClientAddress(bytes: $0), port: port) },
                length: length
            )
        )
    }

    private static let v4: [UInt8] = [192, 0, 2, 1, 192, 0, 2, 9, 0xdc, 0x04, 0x01, 0xbb]
    private static let v6: [UInt8] =
        [0x20, 1, 0xd, 0xb8] + Array(repeating: 0, count: 11) + [1] + [0x20, 1, 0xd, 0xb8]
        + Array(repeating: 0, count: 11) + [2] + [0xdc, 0x04, 0x01, 0xbb]

    @Test(
        arguments: [
            ("PROXY TCP4 192.0.2.1 192.0.2.9 56324 443\r\n", "192.0.2.1", 56324, 42),
            ("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255", 65535, 56),
            ("PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n", "2001:db8::1", 56324, 46),
            ("PROXY UNKNOWN\r\n", nil, 0, 15),
            ("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n", nil, 0, 59),
        ] as [(String, String?, UInt16, Int)]
    )
    func `version 1`(text: String, address: String?, port: UInt16, length: Int) {
        #expect(ProxyHeader.parse(Array(text.utf8)) == Self.header(address, port, length))
        // What follows is the connection's own; what is cut short is waited for.
        #expect(ProxyHeader.parse(Array((text + "GET").utf8)) == Self.header(address, port, length))
        for count in 0..<text.utf8.count {
            #expect(ProxyHeader.parse(Array(text.utf8.prefix(count))) == .incomplete, "\(count)")
        }
    }

    @Test func `version 2`() {
        for (bytes, expected) in [
            (Self.binary(0x21, 0x11, Self.v4), Self.header("192.0.2.1", 56324, 28)),
            (Self.binary(0x21, 0x21, Self.v6), Self.header("2001:db8::1", 56324, 52)),
            // With what a proxy may add (TLV).
            (Self.binary(0x21, 0x11, Self.v4 + [3, 0, 4, 1, 2, 3, 4]), Self.header("192.0.2.1", 56324, 35)),
            // The proxy's own check, and families without an address of ours.
            (Self.binary(0x20, 0x00, []), Self.header(nil, 0, 16)),
            (Self.binary(0x20, 0x11, Self.v4), Self.header(nil, 0, 28)),
            (Self.binary(0x21, 0x00, []), Self.header(nil, 0, 16)),
            (Self.binary(0x21, 0x31, Array(repeating: 1, count: 216)), Self.header(nil, 0, 232)),
        ] {
            #expect(ProxyHeader.parse(bytes) == expected)
            #expect(ProxyHeader.parse(bytes + [22, 3, 1]) == expected)
            for count in 0..<bytes.count {
                #expect(ProxyHeader.parse(Array(bytes.prefix(count))) == .incomplete, "\(count)")
            }
        }
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\n", "PROXY  TCP4 1.1.1.1 1.1.1.1 1 1\r\n", "PROXY TCP4 1.1.1.1 1.1.1.1 1\r\n",
        "PROXY TCP4 ::1 ::1 1 1\r\n", "PROXY TCP6 1.1.1.1 1.1.1.1 1 1\r\n", "PROXY TCP4 1.1.1.1 1.1.1.1 65536 1\r\n",
        "PROXY TCP4 1.1.1.1 1.1.1.1 01 1\r\n", "PROXY TCP4 1.1.1.1 1.1.1.1 1 1\n",
        "PROXY TCP4 1.1.1.256 1.1.1.1 1 1\r\n",
        "PROXY TCP4 1.1.1.1 1.1.1.1 -1 1\r\n", "PROXY TCP5 1.1.1.1 1.1.1.1 1 1\r\n",
        "proxy TCP4 1.1.1.1 1.1.1.1 1 1\r\n",
        "\u{16}\u{3}\u{1}", "PROXY TCP4 1.1.1.1 1.1.1.1 1 1 \r\n",
    ])
    func `no header of version 1`(text: String) {
        #expect(ProxyHeader.parse(Array(text.utf8)) == .invalid)
    }

    @Test func `no header of version 2, nor a line without end`() {
        for bytes in [
            Self.binary(0x11, 0x11, Self.v4), Self.binary(0x22, 0x11, Self.v4), Self.binary(0x21, 0x41, Self.v4),
            Self.binary(0x21, 0x11, Array(Self.v4.dropLast())), Self.binary(0x21, 0x21, Self.v4),
            Self.binary(0x21, 0x11, Self.v4, length: 5000), Self.signature + [0x31],
            Array("PROXY UNKNOWN ".utf8) + Array(repeating: 0x61, count: 200),
        ] {
            #expect(ProxyHeader.parse(bytes) == .invalid)
        }
    }

    /// However a header is torn, the connection goes on behind it with every byte it had.
    @Test(arguments: UInt64(1)...20)
    func `the handler leaves and passes on what follows`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let header =
            seed % 2 == 0
            ? Array("PROXY TCP4 192.0.2.1 192.0.2.9 56324 443\r\n".utf8) : Self.binary(0x21, 0x11, Self.v4)
        let rest = noise(100, seed: seed)
        let seen = NIOLoopBoundBox<[ProxyHeader.Client?]>([], eventLoop: EmbeddedEventLoop())
        let handler = ProxyHeaderHandler(
            identified: { client in
                seen.value.append(client)
                return true
            },
            refused: {}
        )
        let channel = EmbeddedChannel(handlers: [handler])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        var all = (header + rest)[...]
        while !all.isEmpty {
            let count = min(all.count, Int.random(in: 1...20, using: &random))
            _ = try channel.writeInbound(ByteBuffer(bytes: all.prefix(count)))
            all = all.dropFirst(count)
        }
        var received: [UInt8] = []
        while let next = try channel.readInbound(as: ByteBuffer.self) { received += next.readableBytesView }
        #expect(received == rest)
        #expect(seen.value.map { $0?.address } == [ClientAddress(bytes: [192, 0, 2, 1])])
        _ = try channel.finish()
    }
}
