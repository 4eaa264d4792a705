import COpenSSL
import FDLCore
import FDLOpenSSL

/// The host that a client expects to talk to.
enum TLSHost: Hashable, Sendable, CustomStringConvertible {
    /// A DNS name, without a dot at its end.
    case name(String)
    /// An IPv4 or IPv6 address, without brackets.
    case address(String)

    init(_ host: String) throws(TLSError) {
        var text = host[...]
        if text.hasPrefix("["), text.hasSuffix("]") { text = text.dropFirst().dropLast() }
        if Self.isAddress(String(text)) {
            self = .address(String(text))
            return
        }
        if text.hasSuffix(".") { text = text.dropLast() }
        // OpenSSL takes a name that starts with a dot for "any subdomain", so the form of a name is checked here.
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        let valid =
            text == host.prefix(text.utf8.count) && text.utf8.count <= 253
            && labels.allSatisfy { (1...63).contains($0.utf8.count) && $0.utf8.allSatisfy(Self.mayBeInLabel) }
        guard valid else { throw .invalidHost(host) }
        self = .name(text.lowercased())
    }

    var description: String {
        switch self {
        case .name(let text), .address(let text): text
        }
    }

    private static func isAddress(_ text: String) -> Bool {
        guard !text.utf8.contains(0), let octets = ErrorQueue.clean({ a2i_IPADDRESS(text) }) else {
            ERR_clear_error()
            return false
        }
        ASN1_OCTET_STRING_free(octets)
        return true
    }

    private static func mayBeInLabel(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default:
            false
        }
    }
}
