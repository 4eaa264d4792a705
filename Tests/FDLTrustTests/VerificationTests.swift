import FDLCore
import FDLCrypto
import Testing
import TestSupport

@testable import FDLTrust

@Suite struct VerificationTests {
    static let manifest = Array(
        """
        {"format": "fdl-manifest-v1", "name": "n", "version": 7, "created": "2026-11-22T10:00:00Z", "hash": "sha256",
        "chunkSize": 65536, "files": [{"path": "p", "size": 0, "executable": false, "chunks": []}]}

        """.utf8
    )

    @Test func oursIsAcceptedByUsAndByMinisign() async throws {
        let folder = try TemporaryFolder()
        let key = try SecretKey.generate()
        let comment = "timestamp:1795341600\tfile:m.json\thashed"
        let signature = try MinisignSignature(signing: Self.manifest, with: key, trustedComment: comment)
        try folder.write(Self.manifest, "m.json")
        try folder.write(signature.encoded, "m.json.minisig")
        try folder.write(Array(key.publicKey.minisignText.utf8), "key.pub")

        let accepted = [try SecretKey.generate().publicKey, key.publicKey]
        let verified = try verify(Self.manifest, signature.encoded, acceptedKeys: accepted)
        #expect(verified.signer == key.publicKey)
        #expect(verified.trustedComment == comment)
        #expect(verified.manifest.version == 7)

        let byFile = try await folder.run(["minisign", "-Vm", "m.json", "-p", "key.pub"])
        #expect(byFile.code == 0 && byFile.text.contains(comment), "\(byFile.text)")
        let byLine = try await folder.run(["minisign", "-Vm", "m.json", "-P", key.publicKey.minisignLine])
        #expect(byLine.code == 0, "\(byLine.text)")
        try folder.write(Self.manifest + [0x20], "m.json")
        #expect(try await folder.run(["minisign", "-Vm", "m.json", "-p", "key.pub"]).code != 0)
    }

    @Test func minisignsOwnIsAccepted() async throws {
        let folder = try TemporaryFolder()
        #expect(try await folder.run(["minisign", "-G", "-W", "-p", "key.pub", "-s", "key.sec"]).code == 0)
        try folder.write(Self.manifest, "m.json")
        let signed = try await folder.run(["minisign", "-S", "-s", "key.sec", "-m", "m.json", "-t", "as released"])
        #expect(signed.code == 0, "\(signed.text)")
        let key = try PublicKey(minisign: String(decoding: folder.read("key.pub"), as: UTF8.self))
        let verified = try verify(Self.manifest, folder.read("m.json.minisig"), acceptedKeys: [key])
        #expect(verified.trustedComment == "as released")
        // The line that counts. In the comment above it minisign leaves out an id's leading zeros; we do not.
        #expect(try String(decoding: folder.read("key.pub"), as: UTF8.self).hasSuffix("\n\(key.minisignLine)\n"))

        #expect(try await folder.run(["minisign", "-S", "-l", "-s", "key.sec", "-m", "m.json"]).code == 0)
        let legacy = try folder.read("m.json.minisig")
        #expect(throws: VerificationError.signature(.legacy)) {
            try verify(Self.manifest, legacy, acceptedKeys: [key])
        }
    }

    @Test func everyFlippedBitOfTheManifestIsAMismatch() throws {
        let (key, signature) = try signed()
        for index in Self.manifest.indices {
            var changed = Self.manifest
            changed[index] ^= 1 << UInt8(index % 8)
            #expect(throws: VerificationError.signature(.mismatch(key.id))) {
                try verify(changed, signature, acceptedKeys: [key])
            }
        }
    }

    @Test func everyFlippedBitOfTheSignatureIsRefused() throws {
        let (key, signature) = try signed()
        // The untrusted comment's words may change: nothing vouches for them.
        let untrusted = "untrusted comment: ".utf8.count..<(signature.firstIndex(of: 0x0a) ?? 0)
        for index in signature.indices.dropLast() where !untrusted.contains(index) {
            for bit in 0..<8 {
                var changed = signature
                changed[index] ^= 1 << UInt8(bit)
                #expect(throws: VerificationError.self, "byte \(index), bit \(bit)") {
                    try verify(Self.manifest, changed, acceptedKeys: [key])
                }
            }
        }
    }

    @Test func everyTruncationOfTheSignatureIsRefused() throws {
        let (key, signature) = try signed()
        for length in 0..<(signature.count - 1) {
            let error = #expect(throws: VerificationError.self) {
                try verify(Self.manifest, Array(signature[..<length]), acceptedKeys: [key])
            }
            guard case .signature(.malformed) = error else {
                Issue.record("\(length): \(String(describing: error))")
                continue
            }
        }
        for extra in ["x\n", "\n\nx"] {
            #expect(throws: SignatureError.malformed("it has more than four lines")) {
                try MinisignSignature(parsing: signature + Array(extra.utf8))
            }
        }
    }

    @Test func aChangedTrustedCommentIsTold() throws {
        let (key, signature) = try signed()
        let text = String(decoding: signature, as: UTF8.self).replacing(
            "comment: timestamp:1",
            with: "comment: timestamp:2"
        )
        #expect(text.contains("timestamp:2"))
        #expect(throws: VerificationError.signature(.trustedCommentTampered(key.id))) {
            try verify(Self.manifest, Array(text.utf8), acceptedKeys: [key])
        }
    }

    @Test func unknownKeysAreNamed() throws {
        let (key, signature) = try signed()
        let other = try SecretKey.generate().publicKey
        for accepted in [[], [other]] {
            #expect(throws: VerificationError.signature(.unknownKey(key.id))) {
                try verify(Self.manifest, signature, acceptedKeys: accepted)
            }
        }
        #expect(VerificationError.signature(.unknownKey(key.id)).description.contains(key.id.description))
    }

    @Test func oneIDMayStandForSeveralKeys() throws {
        let (key, signature) = try signed()
        let other = try SecretKey.generate().publicKey
        let impostor = try PublicKey(minisign: Base64.encode(Array("Ed".utf8) + key.id.bytes + other.bytes))
        #expect(throws: VerificationError.signature(.mismatch(key.id))) {
            try verify(Self.manifest, signature, acceptedKeys: [impostor])
        }
        let verified = try verify(Self.manifest, signature, acceptedKeys: [impostor, key])
        #expect(verified.signer == key)
    }

    @Test func whatIsSignedMustBeAManifest() throws {
        let key = try SecretKey.generate()
        let bytes = Array("{}".utf8)
        let signature = try MinisignSignature(signing: bytes, with: key, trustedComment: "")
        #expect(throws: VerificationError.manifest(.missingField("format"))) {
            try verify(bytes, signature.encoded, acceptedKeys: [key.publicKey])
        }
        #expect(throws: VerificationError.manifest(.missingField("format"))) {
            try VerifiedManifest(allowingUnsigned: unsigned(bytes))
        }
        let verified = try VerifiedManifest(allowingUnsigned: unsigned(Self.manifest))
        #expect(verified.signer == nil && verified.trustedComment == nil)
    }

    @Test func everyRefusalExits65WithAHint() throws {
        let id = try SecretKey.generate().publicKey.id
        let errors: [VerificationError] = [
            .signatureMissing(path: "m.minisig"), .signature(.malformed("x")), .signature(.legacy),
            .signature(.unknownKey(id)), .signature(.mismatch(id)), .signature(.trustedCommentTampered(id)),
            .manifest(.noFiles),
        ]
        #expect(Set(errors.map(\.description)).count == errors.count)
        for error in errors {
            #expect(error.failure.exitCode == .integrity)
            #expect(error.failure.hint?.contains("allow-unsigned") == false)
        }
    }

    @Test func freshness() throws {
        let text = String(decoding: Self.manifest, as: UTF8.self)
            .replacing("\"hash\"", with: "\"expires\": \"2026-12-01T00:00:00Z\", \"hash\"")
        let manifest = try Manifest(parsing: Array(text.utf8))
        let expires = try #require(manifest.expires)
        let before = UTCTime(secondsSince1970: expires.secondsSince1970 - 1)
        let digest = SHA256Digest(hashing: Self.manifest)
        func check(_ now: UTCTime, seen version: Int64? = nil, _ seen: SHA256Digest? = nil) throws {
            let entry = version.map { SeenRecord.Entry(version: $0, digest: seen ?? digest, key: []) }
            try Freshness.check(manifest, digest: digest, now: now, seen: entry)
        }
        try check(before)
        try check(before, seen: 7)
        try check(before, seen: 6, SHA256Digest(hashing: []))
        #expect(throws: FreshnessError.expired(at: expires, now: expires)) { try check(expires) }
        #expect(throws: FreshnessError.older(version: 7, seen: 8, name: manifest.name, now: before)) {
            try check(before, seen: 8)
        }
        let other = SHA256Digest(hashing: [])
        #expect(throws: FreshnessError.otherContent(version: 7, name: manifest.name, digest, seen: other)) {
            try check(before, seen: 7, other)
        }
        let day: Int64 = 86_400
        let created = manifest.created
        try check(UTCTime(secondsSince1970: created.secondsSince1970 - day))
        let early = UTCTime(secondsSince1970: created.secondsSince1970 - day - 1)
        #expect(throws: FreshnessError.notYetMade(created: created, now: early)) { try check(early) }
    }

    @Test func `what is not fresh may be the clock's doing, and the publisher's to mend`() throws {
        let name = try #require(ManifestName("n"))
        let now = UTCTime(secondsSince1970: 1_795_341_600)
        let expired = FreshnessError.expired(at: now, now: now).failure
        #expect(expired.exitCode == .integrity)
        #expect(expired.hint?.contains("clock is wrong: it says \(now)") == true)
        let older = FreshnessError.older(version: 7, seen: 8, name: name, now: now).failure
        #expect(older.exitCode == .integrity)
        #expect(older.hint?.contains("clock") == true && older.hint?.contains("--version above 8") == true)
        #expect(older.hint?.contains("--ahead") == false)
        let ahead = FreshnessError.older(version: 7, seen: 4_296_844_800, name: name, now: now).failure
        #expect(ahead.hint?.contains("--version above 4296844800 and --ahead") == true)
        let highest = Manifest.allowedVersions.upperBound
        let locked = FreshnessError.older(version: 7, seen: highest, name: name, now: now).failure
        for failure in [older, ahead, locked] { #expect(failure.hint?.contains("trust forget n") == true) }
    }

    private func unsigned(_ manifest: [UInt8]) -> SignedBytes {
        SignedBytes(manifest: manifest, signature: nil, origin: "m")
    }

    private func verify(
        _ manifest: [UInt8],
        _ signature: [UInt8],
        acceptedKeys: [PublicKey]
    ) throws(VerificationError) -> VerifiedManifest {
        let bytes = SignedBytes(manifest: manifest, signature: signature, origin: "m")
        return try VerifiedManifest.verify(bytes, acceptedKeys: acceptedKeys)
    }

    private func signed() throws -> (PublicKey, [UInt8]) {
        let key = try SecretKey.generate()
        let comment = "timestamp:1795341600\tfile:m.json\thashed"
        let signature = try MinisignSignature(signing: Self.manifest, with: key, trustedComment: comment)
        return (key.publicKey, signature.encoded)
    }
}
