package import FDLCore
import FDLCrypto
import FDLSystem
import FDLTrust

/// What lies beside a manifest's file and belongs into the tree with it: further signatures, and the statement that it is
/// still the newest, with its signatures.
package enum CompanionDocuments {
    /// The most bytes one may have.
    private static let maximumBytes = 1 << 16
    private static let freshSuffix = ".fresh" + FileNames.servedManifestSuffix

    /// - Returns: each by its name in the tree's `manifests/`, a statement after its signatures.
    /// - Throws: `TreeError.source`
    package static func find(
        beside manifestPath: String,
        of name: ManifestName
    ) throws(TreeError) -> [(name: String, bytes: [UInt8])] {
        let (directory, fileName) = splitLast(manifestPath)
        let place = directory.map { $0.isEmpty ? "/" : $0 } ?? "."
        do throws(SystemError) {
            let opened = try Descriptor(openingDirectory: place)
            var found: [(name: String, bytes: [UInt8])] = []
            for file in try opened.entries().compactMap(\.text).sorted(by: >) {
                guard let served = served(file, fileName, name) else { continue }
                found.append((served, try WholeFile.read("\(place)/\(file)", limit: maximumBytes)))
            }
            return found
        } catch {
            throw .source(error)
        }
    }

    /// Whether a file is `MANIFEST.KEYID.minisig`: a key's id has 16 hexadecimal digits.
    static func isFurtherSignature(_ file: String, of manifest: String) -> Bool {
        let rest = file.utf8.dropFirst(manifest.utf8.count)
        guard file.utf8.starts(with: manifest.utf8), rest.first == UInt8(ascii: "."),
            rest.ends(with: FileNames.signatureSuffix)
        else { return false }
        let digits = rest.dropFirst().dropLast(FileNames.signatureSuffix.utf8.count)
        return digits.count == 16 && digits.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
    }

    /// What a file beside the manifest is called in the tree; nil if it has no place there.
    static func served(_ file: String, _ manifestFile: String, _ name: ManifestName) -> String? {
        let signature = FileNames.signatureSuffix
        // The first signature, which has no key's id, goes with the manifest.
        if isFurtherSignature(file, of: manifestFile) {
            return FileNames.served(name)
                + String(decoding: file.utf8.dropFirst(manifestFile.utf8.count), as: UTF8.self)
        }
        let stems = [name.string, FileNames.manifestName(inFile: manifestFile)]
        for stem in stems {
            let fresh = stem + freshSuffix
            if file == fresh || file.utf8.starts(with: "\(fresh).".utf8) && file.utf8.ends(with: signature) {
                return name.string + String(file.dropFirst(stem.count))
            }
        }
        return nil
    }
}
