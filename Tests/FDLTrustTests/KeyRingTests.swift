import FDLCore
import FDLCrypto
import FDLTrust
import Foundation
import Testing
import TestSupport

@Suite struct KeyRingTests {
    @Test func theOwnKeyIsMadeOnceAndKept() throws {
        let folder = try TemporaryFolder()
        let ring = KeyRing(directories: folder.directories)
        #expect(try ring.ownPublicKey() == nil)
        #expect(try ring.ownSecretKey(passphrase: nil) == nil)
        #expect(try ring.acceptedKeys().isEmpty)

        let key = try ring.createOwnKey(passphrase: nil).publicKey
        #expect(try ring.ownPublicKey() == key)
        #expect(try ring.ownSecretKey(passphrase: nil)?.publicKey == key)
        #expect(try ring.createOwnKey(passphrase: nil).publicKey == key)
        #expect(try ring.acceptedKeys() == [key])
        #expect(try folder.permissions("config/fdl/publisher.key") == 0o600)
        #expect(try folder.permissions("config/fdl") == 0o700)
    }

    @Test func keysAreNeverReplaced() throws {
        let folder = try TemporaryFolder()
        let prefix = "\(folder.path)/mine"
        let key = try KeyFile.createPair(prefix: prefix, passphrase: Array("x".utf8)).publicKey
        let pem = try folder.read("mine.key")
        #expect(throws: KeyRingError.self) { _ = try KeyFile.createPair(prefix: prefix, passphrase: nil) }
        #expect(try folder.read("mine.key") == pem)
        #expect(try KeyFile.publicKey("\(prefix).pub") == key)
        #expect(throws: KeyRingError.key(.passphraseMissing, path: "\(prefix).key")) {
            _ = try KeyFile.secretKey("\(prefix).key", passphrase: nil)
        }
        #expect(try KeyFile.secretKey("\(prefix).key", passphrase: Array("x".utf8)).publicKey == key)
    }

    @Test func aLostHalfOfThePairIsNeverMadeUp() throws {
        let folder = try TemporaryFolder()
        let ring = KeyRing(directories: folder.directories)
        let key = try ring.createOwnKey(passphrase: nil).publicKey

        try FileManager.default.removeItem(atPath: try ring.publicKeyPath)
        #expect(try ring.ownSecretKey(passphrase: nil)?.publicKey == key)
        #expect(try ring.ownPublicKey() == key)

        try FileManager.default.removeItem(atPath: try ring.secretKeyPath)
        let missing = KeyRingError.secretKeyMissing(path: try ring.secretKeyPath, publicKey: try ring.publicKeyPath)
        #expect(throws: missing) { _ = try ring.createOwnKey(passphrase: nil) }
        #expect(throws: missing) { _ = try ring.createNewOwnKey(passphrase: nil) }
        #expect(try ring.ownPublicKey() == key)
        #expect(try ring.ownSecretKey(passphrase: nil) == nil)
    }

    @Test func halfAPairThatAKilledRunLeftIsMadeWhole() throws {
        let folder = try TemporaryFolder()
        let prefix = "\(folder.path)/mine"
        for passphrase in [nil, Array("x".utf8)] {
            let key = try KeyFile.createPair(prefix: prefix, passphrase: passphrase).publicKey
            let pem = try folder.read("mine.key")
            try FileManager.default.removeItem(atPath: "\(prefix).pub")
            // A plain key is not what a person wants who gives a passphrase, nor does a sealed one open without.
            #expect(throws: KeyRingError.self) {
                _ = try KeyFile.createPair(prefix: prefix, passphrase: passphrase == nil ? Array("x".utf8) : nil)
            }
            #expect(try folder.names() == ["mine.key"])
            #expect(try KeyFile.createPair(prefix: prefix, passphrase: passphrase).publicKey == key)
            #expect(try folder.read("mine.key") == pem)
            #expect(try KeyFile.publicKey("\(prefix).pub") == key)
            for suffix in ["key", "pub"] { try FileManager.default.removeItem(atPath: "\(prefix).\(suffix)") }
        }
    }

    @Test func publishersAreTrustedListedAndRemoved() throws {
        let folder = try TemporaryFolder()
        let ring = KeyRing(directories: folder.directories)
        let (a, b) = (try SecretKey.generate().publicKey, try SecretKey.generate().publicKey)
        #expect(try ring.trustedPublishers().isEmpty)
        try ring.trust(b, label: "zoe")
        try ring.trust(a, label: "adam")
        try ring.trust(a, label: "adam")
        try ring.trust(a)
        #expect(try ring.trustedPublishers().count == 3)
        #expect(try Set(ring.acceptedKeys()) == [a, b])
        #expect(throws: KeyRingError.labelTaken("adam")) { try ring.trust(b, label: "adam") }
        for label in ["", "a/b", "..", ".hidden", String(repeating: "x", count: 65)] {
            #expect(throws: KeyRingError.invalidLabel(label)) { try ring.trust(b, label: label) }
        }
        #expect(try ring.distrust("adam").map(\.label) == ["adam"])
        #expect(try ring.distrust(a.id.description).map(\.key) == [a])
        #expect(try ring.trustedPublishers().map(\.label) == ["zoe"])
        #expect(throws: KeyRingError.unknownPublisher("adam")) { try ring.distrust("adam") }
    }

    @Test func aBrokenTrustedKeyIsNamedNotPassedOver() throws {
        let folder = try TemporaryFolder()
        let ring = KeyRing(directories: folder.directories)
        try ring.trust(SecretKey.generate().publicKey, label: "good")
        try folder.write(Array("nonsense".utf8), "config/fdl/trusted/bad.pub")
        let error = #expect(throws: KeyRingError.self) { try ring.acceptedKeys() }
        #expect(error?.failure.message.contains("bad.pub") == true)
    }

    @Test func theHighestVersionIsKept() throws {
        let folder = try TemporaryFolder()
        let seen = try SeenVersions(directories: folder.directories)
        let (a, b) = (try SecretKey.generate().publicKey, try SecretKey.generate().publicKey)
        let name = try #require(ManifestName("n"))
        let other = try #require(ManifestName("other"))
        #expect(try seen.highest(signer: a, name: name) == nil)
        try seen.record(5, signer: a, name: name)
        try seen.record(3, signer: a, name: name)
        #expect(try seen.highest(signer: a, name: name) == 5)
        #expect(try seen.highest(signer: a, name: other) == nil)
        #expect(try seen.highest(signer: b, name: name) == nil)
    }

    @Test func writersAtOnceKeepTheHighest() async throws {
        let folder = try TemporaryFolder()
        let seen = try SeenVersions(directories: folder.directories)
        let key = try SecretKey.generate().publicKey
        let name = try #require(ManifestName("n"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for version in (1...40 as ClosedRange<Int64>).shuffled() {
                // Threads, for tasks are run no more at once than there are cores.
                group.addTask {
                    try await withCheckedThrowingContinuation { continuation in
                        Thread {
                            continuation.resume(
                                with: Result { try seen.record(version, signer: key, name: name) }
                            )
                        }.start()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try seen.highest(signer: key, name: name) == 40)
    }
}
