import COpenSSL
import FDLOpenSSL

/// What keeps 32 bytes from being the point that an Ed25519 public key has to be (RFC 8032 section 5.1.3). OpenSSL takes
/// any 32 bytes for a key.
enum Ed25519PointFault: Error {
    case notOnCurve
    /// Of order 1, 2, 4 or 8: signatures by such a key can be made without a secret.
    case smallOrder
    case openSSL(OpenSSLError)
}

enum Ed25519Point {
    /// The y of the points of small order, little-endian: 0, 1, -1, and the two of order 8.
    private static let smallOrder: [[UInt8]] = [
        Array(repeating: 0, count: 32),
        [1] + Array(repeating: 0, count: 31),
        [0xec] + Array(repeating: 0xff, count: 30) + [0x7f],
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
            0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
        ],
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
            0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
        ],
    ]

    /// - Parameter bytes: 32, as RFC 8032 encodes a point: y, little-endian, and the sign of x in the topmost bit.
    static func check(_ bytes: [UInt8]) throws(Ed25519PointFault) {
        var y = bytes
        y[31] &= 0x7f
        guard !smallOrder.contains(y) else { throw .smallOrder }
        let isOnCurve: Bool
        do { isOnCurve = try Self.isOnCurve(y) } catch { throw .openSSL(error) }
        guard isOnCurve else { throw .notOnCurve }
    }

    /// Whether there is an x for this y: -x² + y² = 1 + d·x²·y² modulo p = 2²⁵⁵ - 19, so that
    /// x² = (y² - 1) / (d·y² + 1). That is a square exactly if the product of the two is.
    ///
    /// The y has to be below p: each point has one encoding.
    private static func isOnCurve(_ y: [UInt8]) throws(OpenSSLError) -> Bool {
        let doing = "check a public key"
        let context = try openSSL(doing) { BN_CTX_new() }
        defer { BN_CTX_free(context) }
        let y = try openSSL(doing) { BN_lebin2bn(y, Int32(y.count), nil) }
        defer { BN_free(y) }
        let p = try number("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed", doing)
        defer { BN_free(p) }
        let d = try number("52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3", doing)
        defer { BN_free(d) }
        guard BN_cmp(y, p) < 0 else { return false }
        let square = try openSSL(doing) { BN_new() }
        defer { BN_free(square) }
        let under = try openSSL(doing) { BN_new() }
        defer { BN_free(under) }
        try openSSL(doing, returnsOne: { BN_mod_sqr(square, y, p, context) })
        try openSSL(doing, returnsOne: { BN_mod_mul(under, square, d, p, context) })
        try openSSL(doing, returnsOne: { BN_add_word(under, 1) })
        try openSSL(doing, returnsOne: { BN_sub_word(square, 1) })
        try openSSL(doing, returnsOne: { BN_mod_mul(square, square, under, p, context) })
        // The Legendre symbol: 1 for a square; -2 for a failure.
        return BN_kronecker(square, p, context) == 1
    }

    private static func number(_ hex: String, _ doing: String) throws(OpenSSLError) -> OpaquePointer {
        try openSSL(doing) {
            var number: OpaquePointer?
            return BN_hex2bn(&number, hex) > 0 ? number : nil
        }
    }
}
