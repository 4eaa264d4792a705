import FDLCore
import FDLCrypto

@testable import FDLTLS

// Documents that come from a network or from a person: whatever they hold, they are read or refused.

/// A manifest that is read is the same after it was written and read again.
@Sendable func fuzzManifest(_ bytes: UnsafeRawBufferPointer) {
    guard let manifest = try? Manifest(parsing: Array(bytes)) else {
        _ = ManifestIndex(parsing: Array(bytes))
        return
    }
    let again = try? Manifest(parsing: manifest.encoded())
    precondition(again == manifest, "a manifest changes when it is written and read again")
    _ = manifest.layout
}

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

@Sendable func fuzzPEM(_ bytes: UnsafeRawBufferPointer) {
    let text = String(decoding: bytes, as: UTF8.self)
    if let pin = PublicKeyPin(text) {
        precondition(PublicKeyPin(pin.description) == pin, "a pin changes when it is written and read again")
    }
    if var reader = try? PEMReader(bytes: Array(bytes), origin: "fuzz") {
        while let certificate = try? reader.nextCertificate() { _ = PublicKeyPin(certificate: certificate.pointer) }
    }
    if var reader = try? PEMReader(bytes: Array(bytes), origin: "fuzz") { _ = try? reader.nextPrivateKey() }
    _ = try? SecretKey(pem: Array(bytes))
}
