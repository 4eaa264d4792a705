import TestSupport
import Testing

@testable import FDLCore

@Suite("What private keys look like")
struct PrivateKeyContentTests {
    private func isKey(_ text: String) -> Bool { PrivateKeyContent.isPrivateKey(Array(text.utf8)) }

    @Test(arguments: [
        "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY",
        "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK", "ANY PRIVATE KEY",
    ])
    func `a block of PEM, wherever it begins a line`(label: String) {
        let block = "-----BEGIN \(label)-----\nAAAA\n-----END \(label)-----\n"
        let certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        for text in [block, "\u{feff}" + block, certificate + block, "Bag Attributes\r\n\r\n" + block, "\r" + block] {
            #expect(isKey(text))
        }
        #expect(!isKey(certificate))
        #expect(!isKey("see " + block))
        #expect(!isKey("-----BEGIN \(label)"))
        #expect(isKey(String(repeating: "x\n", count: 20_000) + block))
        #expect(!isKey(String(repeating: "x\n", count: 40_000) + block), "beyond what is looked at")
    }

    @Test(arguments: [
        "untrusted comment: minisign encrypted secret key\nRWRTY0IyAAAA\n", "AGE-SECRET-KEY-1QQQQ\n",
        "# created: 2026\n# public key: age1\nAGE-SECRET-KEY-1QQQQ\n", "PuTTY-User-Key-File-3: ssh-ed25519\n",
    ])
    func `as minisign, age and PuTTY write them`(text: String) { #expect(isKey(text)) }

    @Test(arguments: [
        "", "-", "-----BEGIN ", "-----BEGIN PUBLIC KEY-----\nAAAA\n", "-----BEGIN RSA PUBLIC KEY-----\n",
        "-----BEGIN PGP PUBLIC KEY BLOCK-----\n", "untrusted comment: minisign public key\nRWQAAAA\n",
        "ssh-ed25519 AAAA", "{\"RWRTY0Iy\": 1}",
    ])
    func `no private key`(text: String) { #expect(!isKey(text)) }

    private func der(_ content: [UInt8]) -> [UInt8] {
        content.count < 128
            ? [0x30, UInt8(content.count)] + content
            : [0x30, 0x82, UInt8(content.count >> 8), UInt8(content.count & 255)] + content
    }

    @Test func `in DER`() {
        let algorithm = der([0x06, 0x03, 0x2b, 0x65, 0x70])
        let data: [UInt8] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01]
        let keys = [
            der([2, 1, 0] + algorithm + [4, 2, 4, 0]), der([2, 1, 1] + algorithm + [4, 2, 4, 0]),
            der([2, 1, 0, 2, 0x82, 1, 1] + Array(repeating: 7, count: 300)),
            der([2, 1, 1, 4, 0x20] + Array(repeating: 7, count: 32)), der([2, 1, 3] + der(data)),
        ]
        for key in keys {
            #expect(PrivateKeyContent.isPrivateKey(key))
            #expect(!PrivateKeyContent.isPrivateKey(key + [0]), "not as long as the file")
            #expect(!PrivateKeyContent.isPrivateKey(Array(key.dropLast())))
        }
        // A certificate, a public key.
        #expect(!PrivateKeyContent.isPrivateKey(der(der([0xa0, 3, 2, 1, 2]))))
        #expect(!PrivateKeyContent.isPrivateKey(der(algorithm + [3, 2, 0, 1])))
    }

    @Test(arguments: UInt64(1)...200)
    func `noise is none, however it is cut`(seed: UInt64) {
        var bytes = noise(300, seed: seed)
        bytes[0] = 0x30
        bytes[1] = 0x82
        for count in 0...bytes.count { #expect(!PrivateKeyContent.isPrivateKey(Array(bytes.prefix(count)))) }
    }
}
