public import FDLCore
public import FDLCrypto
import FDLSystem
public import FDLTrust
import Glibc

/// The signed manifests in a directory and in those below it.
public struct SignedManifests: Sendable {
    public struct One: Sendable {
        public let path: String
        public let manifest: Manifest
        public let bytes: SignedBytes

        /// Whether one of its signatures is by this key.
        public func isSigned(by key: PublicKey) -> Bool {
            (try? VerifiedManifest.verify(bytes, acceptedKeys: [key])) != nil
        }
    }

    public let all: [One]

    /// What has a signature beside it and is no manifest, and what is there cannot be read.
    public let faults: [String]

    /// - Throws: `PublishingError.input` if the directory cannot be listed.
    public init(beneath directory: String) throws(PublishingError) {
        let listing: FileTree.Listing
        do throws(SystemError) {
            listing = try FileTree.regularFiles(
                beneath: directory,
                descend: { !splitLast($0).name.hasPrefix(".") && !FileNames.isPartial($0) && $0 != "publishers" }
            )
        } catch {
            throw .input(error)
        }
        let paths = Set(listing.files.map(\.path))
        var found: [One] = []
        var faults: [String] = []
        for file in listing.files.map(\.path)
        where file.utf8.ends(with: FileNames.servedManifestSuffix) && !file.utf8.ends(with: FileNames.freshSuffix)
            && paths.contains(FileNames.signature(of: file))
        {
            let path = "\(directory)/\(file)"
            do {
                var bytes = try SignedBytes(readingFile: path)
                for further in SignedBytes.furtherFiles(of: path) {
                    bytes.furtherSignatures.append(
                        try WholeFile.read(further, limit: MinisignSignature.maximumBytes)
                    )
                }
                found.append(One(path: path, manifest: try Manifest(parsing: bytes.manifest), bytes: bytes))
            } catch {
                faults.append("\(path): \(error)")
            }
        }
        all = found
        self.faults = faults
    }

    /// The newest of each name; where one lies there twice, both.
    public var newest: [One] {
        var highest: [ManifestName: Int64] = [:]
        for one in all {
            let manifest = one.manifest
            highest[manifest.name] = max(manifest.version, highest[manifest.name] ?? manifest.version)
        }
        return all.filter { $0.manifest.version == highest[$0.manifest.name] }
    }
}
