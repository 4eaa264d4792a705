import FDLCommand
import FDLCrypto
import FDLSystem
import FDLTrust

/// Who signed a manifest, as this user knows them.
struct SignerName: Sendable {
    /// What this user calls the key's owner; nil for a key that was named on the command line alone.
    let label: String?
    let id: KeyID

    /// - Returns: nil if nobody signed.
    init?(of verified: VerifiedManifest) {
        guard let key = verified.signer else { return nil }
        label = verified.publisher?.label ?? KeyRing(directories: .current).label(of: key)
        id = key.id
    }

    var json: JSONValue { ["label": label.map { .text($0) } ?? .null, "keyId": .text("\(id)")] }

    /// For a sentence.
    static func phrase(_ signer: SignerName?) -> String {
        guard let signer else { return "signed by nobody" }
        return signer.label.map { "signed by \($0) (key \(signer.id))" } ?? "signed by the key \(signer.id)"
    }
}
