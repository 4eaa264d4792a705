import FDLCore
import NIOCore

/// The address of a client, as far as clients are told apart by it.
struct ClientAddress: Hashable, Sendable, CustomStringConvertible {
    /// 4 or 16 bytes in network order; empty for a client that has none (a Unix socket).
    let bytes: [UInt8]

    /// - Parameter bytes: an IPv6 address that stands for an IPv4 one (RFC 4291 section 2.5.5.2) becomes that.
    init(bytes: [UInt8]) {
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
        self.bytes = bytes.count == 16 && bytes.starts(with: mapped) ? Array(bytes[12...]) : bytes
    }

    init(_ address: SocketAddress?) {
        // Where sockaddr_in and sockaddr_in6 have it (ip(7), ipv6(7)). A zone, which tells a link apart, is left out.
        let place: Range<Int>? =
            switch address {
            case .v4: 4..<8
            case .v6: 8..<24
            case .unixDomainSocket, nil: nil
            }
        guard let address, let place else {
            self.init(bytes: [])
            return
        }
        self.init(bytes: address.withSockAddr { Array(UnsafeRawBufferPointer(start: $0, count: $1)[place]) })
    }

    /// What counts as one client: an IPv4 address, or an IPv6 network of 64 bits, since whoever has one address there
    /// has them all.
    var group: ClientAddress {
        bytes.count == 16 ? ClientAddress(bytes: bytes[..<8] + Array(repeating: 0, count: 8)) : self
    }

    var description: String {
        switch bytes.count {
        case 4: bytes.map { "\($0)" }.joined(separator: ".")
        case 16:
            stride(from: 0, to: 16, by: 2)
                .map { String(Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]), radix: 16) }.joined(separator: ":")
        default: "local"
        }
    }
}

/// A range of addresses: `10.0.0.0/8`, `2001:db8::/32`, or one address.
public struct AddressRange: Sendable, Hashable, CustomStringConvertible {
    let network: [UInt8]
    let bits: Int

    /// - Returns: nil for anything else than an address, perhaps with `/` and a number of bits.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let network = IPAddress.bytes(of: String(parts[0])) else { return nil }
        let most = network.count * 8
        guard parts.count == 2 else {
            (self.network, bits) = (network, most)
            return
        }
        let digits = parts[1].utf8
        guard (1...3).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let bits = Int(parts[1]), bits <= most
        else { return nil }
        (self.network, self.bits) = (network, bits)
    }

    func contains(_ address: ClientAddress) -> Bool { IPAddress.isWithin(address.bytes, network, bits: bits) }

    public var description: String { "\(ClientAddress(bytes: network))/\(bits)" }
}
