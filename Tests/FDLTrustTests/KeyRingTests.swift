import FDLCore
import FDLCrypto
import Foundation
import Testing
import TestSupport

@testable import FDLTrust

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

    @Test func `a file that holds no key is named and passed over, and can be removed`() throws {
        let folder = try TemporaryFolder()
        let ring = KeyRing(directories: folder.directories)
        let key = try SecretKey.generate().publicKey
        try ring.trust(key, label: "good")
        try folder.write(Array("nonsense".utf8), "config/fdl/trusted/bad.pub")
        var told: [String] = []
        let accepted = try ring.accepted(keys: [], labels: [], passedOver: { told.append($0.failure.message) }).all
        #expect(accepted.map(\.label) == ["good"])
        #expect(told.count == 1 && told[0].contains("bad.pub is not a minisign public key"))
        #expect(throws: KeyRingError.self) { try ring.trust(key, label: "bad") }
        #expect(try ring.distrust("bad") == [KeyRing.Removal(label: "bad", key: nil, identity: nil, others: [])])
        #expect(try Files.list("\(folder.path)/config/fdl/trusted") == ["good.pub"])
    }

    @Test func `the labels under which a removed key stays are told`() throws {
        let folder = try TemporaryFolder()
        let ring = KeyRing(directories: folder.directories)
        let key = try SecretKey.generate().publicKey
        for label in ["a", "b", "c"] { try ring.trust(key, label: label) }
        #expect(try ring.distrust("b").map(\.others) == [["a", "c"]])
        #expect(try ring.distrust(key.id.description).map(\.others) == [[], []])
    }

    @Test func `a publisher may be accepted for some names alone`() throws {
        let folder = try TemporaryFolder()
        let ring = KeyRing(directories: folder.directories)
        let key = try SecretKey.generate().publicKey
        let patterns = try ["acme-*", "tool"].map { try #require(NamePattern($0)) }
        try ring.trust(key, label: "acme", names: patterns)
        #expect(try ring.trustedPublishers().map(\.names) == [patterns])
        try ring.trust(key, label: "acme")
        #expect(try ring.trustedPublishers().map(\.names) == [patterns])
        let accepted = try #require(try ring.accepted(keys: [], labels: ["acme"]).all.first)
        for (name, isAdmitted) in [("acme-x", true), ("tool", true), ("tools", false), ("acme", false)] {
            #expect(try accepted.admits(#require(ManifestName(name))) == isAdmitted, "\(name)")
        }
        // What does not say for which names is accepted for none.
        for damaged in ["", "a/b\n"] {
            try folder.write(Array(damaged.utf8), "config/fdl/trusted/acme.for")
            #expect(try ring.accepted(keys: [], labels: []).all.isEmpty)
        }
        try ring.distrust("acme")
        try ring.trust(key, label: "acme")
        #expect(try ring.trustedPublishers().map(\.names) == [[]])
        for text in ["", "a/b", "a b", "é", String(repeating: "a", count: 129)] { #expect(NamePattern(text) == nil) }
    }
}
