/// An alert of the TLS protocol (RFC 8446 section 6).
public struct TLSAlert: Hashable, Sendable {
    /// The alert's number in IANA's registry.
    public let code: UInt8

    package init(code: UInt8) {
        self.code = code
    }

    package static let handshakeFailure = TLSAlert(code: 40)
    package static let badCertificate = TLSAlert(code: 42)
    package static let unsupportedCertificate = TLSAlert(code: 43)
    package static let certificateRevoked = TLSAlert(code: 44)
    package static let certificateExpired = TLSAlert(code: 45)
    package static let certificateUnknown = TLSAlert(code: 46)
    package static let unknownAuthority = TLSAlert(code: 48)
    package static let accessDenied = TLSAlert(code: 49)
    package static let protocolVersion = TLSAlert(code: 70)
    package static let unrecognizedName = TLSAlert(code: 112)
    package static let certificateRequired = TLSAlert(code: 116)
}

extension TLSAlert: CustomStringConvertible {
    /// The alert's name in OpenSSL's spelling, or its number if it has no name.
    public var description: String { Self.names[code] ?? "alert \(code)" }

    private static let names: [UInt8: String] = [
        0: "close notify", 10: "unexpected_message", 20: "bad record mac", 21: "decryption failed",
        22: "record overflow", 30: "decompression failure", 40: "handshake failure", 41: "no certificate",
        42: "bad certificate", 43: "unsupported certificate", 44: "certificate revoked", 45: "certificate expired",
        46: "certificate unknown", 47: "illegal parameter", 48: "unknown CA", 49: "access denied", 50: "decode error",
        51: "decrypt error", 60: "export restriction", 70: "protocol version", 71: "insufficient security",
        80: "internal error", 86: "inappropriate fallback", 90: "user canceled", 100: "no renegotiation",
        109: "missing extension", 110: "unsupported extension", 111: "certificate unobtainable",
        112: "unrecognized name", 113: "bad certificate status response", 114: "bad certificate hash value",
        115: "unknown PSK identity", 116: "certificate required", 120: "no application protocol",
    ]
}
