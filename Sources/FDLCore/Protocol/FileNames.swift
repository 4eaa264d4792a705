/// What fdl's own files are called.
package enum FileNames {
    /// What a signature's name adds to its manifest's, as minisign has it.
    package static let signatureSuffix = ".minisig"
    /// What a manifest's name adds to its input's unless another is wanted.
    package static let manifestSuffix = ".manifest.json"
    /// What all names of manifests end in where they are served.
    package static let servedManifestSuffix = ".json"
    /// What says that a manifest is still the newest, beside it.
    package static let freshSuffix = ".fresh.json"
    /// What lists the manifests of a tree, among them.
    package static let index = "index" + servedManifestSuffix
    /// What is not complete yet.
    package static let partialSuffix = ".fdl-part"
    /// What is left of a folder that was replaced.
    package static let replacedSuffix = ".fdl-old"
    /// What a published tree keeps for the next publishing, below its root: hidden, and served by no worker.
    package static let publishing = ".fdl"
    /// What a chunk's compressed form (gzip) adds to its name: what static servers look for (nginx's gzip_static).
    package static let compressedSuffix = ".gz"
    package static let publicKeySuffix = ".pub"
    package static let secretKeySuffix = ".key"

    /// What a published file's name must not end in: it could be taken for one of ours.
    package static let reservedSuffixes = [partialSuffix, manifestSuffix, manifestSuffix + signatureSuffix]

    /// The signature that belongs to a manifest's path or URL.
    /// - Parameter keyID: for one that lies beside the first, the id of its key as minisign prints it.
    package static func signature(of manifest: String, by keyID: String? = nil) -> String {
        manifest + (keyID.map { "." + $0 } ?? "") + signatureSuffix
    }

    /// What a signature is of, by its name: `NAME` for `NAME.minisig` and for `NAME.KEYID.minisig`.
    /// - Returns: nil if it is not the name of a signature; `keyID` is nil for the first signature.
    package static func signed(bySignature name: String) -> (document: String, keyID: String?)? {
        guard name.utf8.ends(with: signatureSuffix) else { return nil }
        let rest = name.utf8.dropLast(signatureSuffix.utf8.count)
        let id = rest.suffix(16)
        let isID = id.allSatisfy { (0x30...0x39).contains($0) || (UInt8(ascii: "A")...UInt8(ascii: "F")).contains($0) }
        guard isID, id.count == 16, rest.dropLast(16).last == UInt8(ascii: ".") else {
            return (String(decoding: rest, as: UTF8.self), nil)
        }
        return (String(decoding: rest.dropLast(17), as: UTF8.self), String(decoding: id, as: UTF8.self))
    }

    /// What a statement that a manifest is the newest is called, by the manifest's path or URL.
    package static func freshness(of manifest: String) -> String {
        let (directory, name) = splitLast(manifest)
        return (directory.map { $0 + "/" } ?? "") + manifestName(inFile: name) + freshSuffix
    }

    /// The manifest that belongs to an input of that name.
    package static func manifest(of input: String) -> String { input + manifestSuffix }

    /// What a manifest is called in the tree, whatever its file is called.
    package static func served(_ name: ManifestName) -> String { name.string + servedManifestSuffix }

    /// What a manifest's file is named for: without `.manifest.json` or `.json`.
    package static func manifestName(inFile name: String) -> String {
        let suffix = [manifestSuffix, servedManifestSuffix].first { name.utf8.ends(with: $0) }
        return String(decoding: name.utf8.dropLast(suffix?.utf8.count ?? 0), as: UTF8.self)
    }

    /// The public key of the pair that lies at a prefix.
    package static func publicKey(_ prefix: String) -> String { prefix + publicKeySuffix }

    /// The secret key of the pair that lies at a prefix.
    package static func secretKey(_ prefix: String) -> String { prefix + secretKeySuffix }

    /// Whether a path is incomplete, or lies in what is, by its name. Case counts nothing: it may come from a file
    /// system that does not keep it.
    package static func isPartial(_ path: String) -> Bool {
        var path = path.isASCII ? path : path.lowercased()
        return path.withUTF8 { path in
            // Each place where a part may end.
            path.indices.contains { index in
                path[index] == UInt8(ascii: "/")
                    && UnsafeBufferPointer(rebasing: path[..<index]).ends(withLowercase: partialSuffix)
            } || path.ends(withLowercase: partialSuffix)
        }
    }

    /// Whether a path is a secret key by its name. Case counts nothing here either.
    package static func isSecretKey(_ path: String) -> Bool {
        var path = path.isASCII ? path : path.lowercased()
        return path.withUTF8 { $0.ends(withLowercase: secretKeySuffix) }
    }
}

extension String {
    /// Whether `lowercased()` changes no more than the letters A to Z: other scripts have letters that become these.
    fileprivate var isASCII: Bool { utf8.allSatisfy { $0 < 0x80 } }
}

extension UnsafeBufferPointer<UInt8> {
    /// Whether the bytes end in `suffix`, the letters A to Z taken as lowercase ones.
    /// - Parameter suffix: ASCII, in lowercase.
    fileprivate func ends(withLowercase suffix: String) -> Bool {
        guard count >= suffix.utf8.count else { return false }
        return self[(count - suffix.utf8.count)...].elementsEqual(suffix.utf8) { byte, expected in
            byte == expected || ((0x41...0x5a).contains(byte) && byte | 0x20 == expected)
        }
    }
}
