public import FDLCrypto

extension KeyRing {
    /// What this user calls the owner of a key; nil if the key is not among those known here, or they cannot be read: a
    /// name is a nicety, and whether a key counts is decided elsewhere.
    public func label(of key: PublicKey) -> String? {
        if (try? ownPublicKey()) == key { return "you" }
        return (try? trustedPublishers())?.first { $0.key == key }?.label
    }
}
