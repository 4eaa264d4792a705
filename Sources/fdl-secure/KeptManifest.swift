import FDLClient
import FDLCore
import FDLCrypto
import FDLSystem
import FDLTrust
import Glibc

/// The manifest that lies beside an output, so that the output can be verified and served later.
struct KeptManifest {
    /// Where it lies.
    let path: String

    /// - Parameter output: of a download.
    init(beside output: String) {
        path = FileNames.manifest(of: withoutTrailingSlashes(output))
    }

    /// Refuses to replace what is there and is no manifest.
    /// - Throws: `Failure` (73).
    func check() throws(Failure) {
        if let status = try? FileStatus(path: path, following: false) {
            let first = (try? WholeFile.read(path, limit: Manifest.maximumBytes)) ?? []
            guard status.kind == .regular, first.isEmpty || first.first == UInt8(ascii: "{") else {
                throw Failure(.cannotCreate, "\(path) is there already and is no manifest", hint: "move it away")
            }
        }
    }

    /// Writes the manifest and its signatures.
    /// - Throws: `Failure` (73).
    func write(_ bytes: SignedBytes) throws(Failure) {
        try check()
        var signatures = bytes.signature.map { [(path: FileNames.signature(of: path), bytes: $0)] } ?? []
        for further in bytes.furtherSignatures {
            guard let key = try? MinisignSignature(parsing: further).keyID else { continue }
            signatures.append((path: FileNames.signature(of: path, by: key.description), bytes: further))
        }
        try explaining(for: .output) { () throws(SystemError) in
            try WholeFile.replace(signatures + [(path: path, bytes: bytes.manifest)], mode: 0o644)
        }
    }

    /// The bytes that are there; nil if there are none.
    /// - Throws: `Failure` if they cannot be read.
    func read() throws(Failure) -> SignedBytes? {
        guard (try? FileStatus(path: path)) != nil else { return nil }
        return try explaining { () throws(VerificationError) in try SignedBytes(readingFile: path) }
    }
}
