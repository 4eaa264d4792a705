import FDLCore
import Foundation
import Testing
import TestSupport

@testable import FDLCrypto

@Suite struct KeyTests {
    // RFC 8032 section 7.1, tests 1 and 2, the seed behind PKCS#8's fixed beginning.
    static let vectors = [
        (
            seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            key: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            message: "",
            signature: "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                + "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
        (
            seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            key: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            message: "72",
            signature: "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ]

    @Test(arguments: 0..<2)
    func signsAsTheRFCDoes(index: Int) throws {
        let vector = Self.vectors[index]
        let pkcs8 = try bytes("302e020100300506032b657004220420") + bytes(vector.seed)
        let pem = "-----BEGIN PRIVATE KEY-----\n\(Base64.encode(pkcs8))\n-----END PRIVATE KEY-----\n"
        let key = try SecretKey(pem: Array(pem.utf8))
        #expect(try key.publicKey.bytes == bytes(vector.key))
        let signature = try key.signature(of: bytes(vector.message))
        #expect(try signature == bytes(vector.signature))
        #expect(try key.publicKey.isSignature(signature, of: bytes(vector.message)))
        #expect(key.publicKey.isSignature(signature, of: [1]) == false)
        #expect(key.publicKey.isSignature([], of: []) == false)
        #expect(try key.pem() == Array(pem.utf8))
    }

    @Test func theIDIsTheDigestsBeginning() throws {
        let key = try SecretKey.generate()
        #expect(key.publicKey.id.bytes == Array(SHA256Digest(hashing: key.publicKey.bytes).bytes.prefix(8)))
        let other = try SecretKey.generate()
        #expect(other.publicKey != key.publicKey)
    }

    @Test func publicKeysReadBack() throws {
        let key = try SecretKey.generate().publicKey
        #expect(try PublicKey(minisign: key.minisignText) == key)
        #expect(try PublicKey(minisign: key.minisignLine) == key)
        #expect(try PublicKey(minisign: key.minisignText.replacing("\n", with: "\r\n")) == key)
    }

    @Test func malformedPublicKeysAreRefused() throws {
        let line = try SecretKey.generate().publicKey.minisignLine
        for text in [
            "", "untrusted comment: x\n", "comment\n\(line)\n", "untrusted comment: x\n\(line)\nmore\n",
            String(line.dropLast()), String(line.dropLast(4)), line + "AAAA", "Q" + line.dropFirst(),
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        ] {
            #expect(throws: KeyError.self, "\(text)") { try PublicKey(minisign: text) }
        }
    }

    @Test(arguments: [nil, "correct horse"])
    func opensslReadsOurKeysAndWeReadOpenSSLs(passphrase: String?) async throws {
        let folder = try TemporaryFolder()
        let secret = passphrase.map { Array($0.utf8) }
        let key = try SecretKey.generate()
        let pem = try key.pem(passphrase: secret)
        try folder.write(pem, "ours.pem")
        let argument = "pass:\(passphrase ?? "")"
        let read = try await folder.run(
            [
                "openssl", "pkey", "-in", "ours.pem", "-passin", argument, "-pubout", "-outform", "DER", "-out",
                "pub.der",
            ]
        )
        #expect(read.code == 0, "\(read.errors)")
        #expect(try folder.read("pub.der").suffix(32) == key.publicKey.bytes[...])
        let again = try SecretKey(pem: pem, passphrase: secret)
        #expect(again.publicKey == key.publicKey)

        var command = ["openssl", "genpkey", "-algorithm", "ed25519", "-out", "theirs.pem"]
        if passphrase != nil { command += ["-aes256", "-pass", argument] }
        #expect(try await folder.run(command).code == 0)
        let theirs = try SecretKey(pem: try folder.read("theirs.pem"), passphrase: secret)
        #expect(try theirs.pem() != pem)
        #expect(String(decoding: pem, as: UTF8.self).contains("ENCRYPTED") == (passphrase != nil))
    }

    @Test func unusableSecretKeysAreToldApart() async throws {
        let folder = try TemporaryFolder()
        let sealed = try SecretKey.generate().pem(passphrase: Array("a".utf8))
        #expect(throws: KeyError.passphraseMissing) { _ = try SecretKey(pem: sealed) }
        #expect(throws: KeyError.passphraseWrong) { _ = try SecretKey(pem: sealed, passphrase: Array("b".utf8)) }
        #expect(throws: KeyError.passphraseWrong) {
            _ = try SecretKey(pem: sealed, passphrase: Array(repeating: 0x61, count: 1 << 16))
        }
        for text in ["", "nothing", String(decoding: sealed.prefix(100), as: UTF8.self)] {
            let error = #expect(throws: KeyError.self) { _ = try SecretKey(pem: Array(text.utf8)) }
            guard case .notASecretKey = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
        let arguments = [
            "openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "ec.pem",
        ]
        #expect(try await folder.run(arguments).code == 0)
        #expect(throws: KeyError.notEd25519) { _ = try SecretKey(pem: try folder.read("ec.pem")) }
        for error in [KeyError.notEd25519, .passphraseMissing, .passphraseWrong, .notASecretKey("x")] {
            #expect(error.failure(path: "p").exitCode == .configuration)
            #expect(error.failure(path: "p").hint != nil)
        }
    }

    private func bytes(_ hex: String) throws -> [UInt8] {
        try stride(from: 0, to: hex.count, by: 2).map { offset in
            try #require(UInt8(hex.dropFirst(offset).prefix(2), radix: 16))
        }
    }
}
