import FDLCore
import FDLCrypto

@testable import FDLTLS

// Keys and signatures, which come from a person, a file, a server or an agent.

@Sendable func fuzzMinisign(_ bytes: UnsafeRawBufferPointer) {
    if let signature = try? MinisignSignature(parsing: Array(bytes)) {
        let again = try? MinisignSignature(parsing: signature.encoded)
        precondition(again == signature, "a signature changes when it is written and read again")
    }
    let text = String(decoding: bytes, as: UTF8.self)
    if let key = try? PublicKey(minisign: text) {
        let again = try? PublicKey(minisign: key.minisignText)
        precondition(again == key, "a public key changes when it is written and read again")
    }
}

/// Without a passphrase: with one, an input could ask for seconds of scrypt, as a person's own key may.
@Sendable func fuzzSecretKey(_ bytes: UnsafeRawBufferPointer) {
    let bytes = Array(bytes)
    if let key = try? SecretKey(minisign: bytes) { use(key) }
    if let key = try? SecretKey(pem: bytes) { use(key) }
}

private func use(_ key: borrowing SecretKey) {
    let message: [UInt8] = [1, 2, 3]
    guard let signature = try? MinisignSignature(signing: message, with: key, trustedComment: "fuzz") else { return }
    let again = try? MinisignSignature(parsing: signature.encoded)
    precondition(again == signature, "a signature changes when it is written and read again")
}

/// What an SSH agent answers.
@Sendable func fuzzAgent(_ bytes: UnsafeRawBufferPointer) {
    let answer = Array(bytes)
    for identity in SSHAgentMessage.identities(in: answer) ?? [] {
        precondition(identity.publicKey.bytes.count == 32, "a key of the wrong length")
        _ = identity.fingerprint
    }
    if let signature = SSHAgentMessage.signature(in: answer) {
        precondition(signature.count == 64, "a signature of the wrong length")
    }
}

@Sendable func fuzzPEM(_ bytes: UnsafeRawBufferPointer) {
    _ = PrivateKeyContent.isPrivateKey(Array(bytes))
    let text = String(decoding: bytes, as: UTF8.self)
    if let pin = PublicKeyPin(text) {
        precondition(PublicKeyPin(pin.description) == pin, "a pin changes when it is written and read again")
    }
    if var reader = try? PEMReader(bytes: Array(bytes), origin: "fuzz") {
        while let certificate = try? reader.nextCertificate() { _ = PublicKeyPin(certificate: certificate.pointer) }
    }
    if var reader = try? PEMReader(bytes: Array(bytes), origin: "fuzz") { _ = try? reader.nextPrivateKey() }
}
