/// Which of a server's certificates a client is shown, by the name that it asks for: one for each kind of key, and of
/// those OpenSSL takes one whose kind the client knows.
struct CertificateChoice {
    /// What is known of one certificate.
    struct Candidate {
        /// The kind of key.
        let kind: Int32
        /// The DNS names and addresses that it is for.
        let names: Set<String>
    }

    let candidates: [Candidate]

    /// For clients that ask for no name, or for one that no certificate has: the first, and certificates with other
    /// kinds of keys that are for all of its names too.
    var standard: [Int] {
        guard let first = candidates.first else { return [] }
        return firstOfEachKind(of: candidates.indices.filter { candidates[$0].names.isSuperset(of: first.names) })
    }

    /// For clients that ask for a name.
    /// - Parameter isForName: whether the certificate of that number is for it.
    func indices(where isForName: (Int) -> Bool) -> [Int] {
        let matching = candidates.indices.filter(isForName)
        return matching.isEmpty ? standard : firstOfEachKind(of: matching)
    }

    private func firstOfEachKind(of indices: [Int]) -> [Int] {
        var kinds: Set<Int32> = []
        return indices.filter { kinds.insert(candidates[$0].kind).inserted }
    }
}
