public import FDLCore
public import FDLCrypto
package import FDLSystem

/// Publisher statements in a directory, as a tree has them: `VERSION.json` and its signatures.
public struct StatementDirectory: StatementPlace {
    let path: String

    public init(_ path: String) {
        self.path = path
    }

    package func file(_ version: Int64) -> String { "\(path)/\(version)\(FileNames.servedManifestSuffix)" }

    public func statement(of publisher: ManifestName, version: Int64) async throws(Failure) -> [UInt8]? {
        try read(file(version), limit: PublisherStatement.maximumBytes)
    }

    public func signature(
        ofStatement version: Int64,
        of publisher: ManifestName,
        by key: KeyID?
    ) async throws(Failure) -> [UInt8]? {
        let name = FileNames.signature(of: file(version), by: key?.description)
        return try read(name, limit: MinisignSignature.maximumBytes)
    }

    private func read(_ path: String, limit: Int) throws(Failure) -> [UInt8]? {
        do throws(SystemError) { return try WholeFile.read(path, limit: limit) } catch {
            if error.isNotFound { return nil }
            throw error.failure(for: .input)
        }
    }

    /// The version of the last statement there; nil if there is none.
    package func lastVersion() -> Int64? {
        let files = (try? FileTree.regularFiles(beneath: path, descend: { _ in false }).files) ?? []
        return files.compactMap { file in
            file.path.hasSuffix(FileNames.servedManifestSuffix)
                ? Int64(file.path.dropLast(FileNames.servedManifestSuffix.count)) : nil
        }.max()
    }

    /// Writes a statement and its signatures.
    package func write(_ signed: SignedStatement, version: Int64) throws(SystemError) {
        try Directory.create(path)
        let file = file(version)
        var files: [(path: String, bytes: [UInt8])] = []
        for (index, signature) in signed.signatures.enumerated() {
            let key = try? MinisignSignature(parsing: signature).keyID
            guard let key else { continue }
            files.append((FileNames.signature(of: file, by: index == 0 ? nil : key.description), signature))
        }
        try WholeFile.replace(files + [(file, signed.bytes)], mode: 0o644)
    }

    /// Reads a statement with all its signatures.
    package func signed(_ version: Int64) throws(SystemError) -> SignedStatement? {
        let file = file(version)
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try WholeFile.read(file, limit: PublisherStatement.maximumBytes) } catch {
            if error.isNotFound { return nil }
            throw error
        }
        var signatures: [[UInt8]] = []
        for entry in try FileTree.regularFiles(beneath: path, descend: { _ in false }).files {
            guard let (document, keyID) = FileNames.signed(bySignature: entry.path),
                "\(path)/\(document)" == file
            else { continue }
            let signature = try WholeFile.read("\(path)/\(entry.path)", limit: MinisignSignature.maximumBytes)
            // The first stays the first.
            signatures.insert(signature, at: keyID == nil ? 0 : signatures.count)
        }
        return SignedStatement(bytes: bytes, signatures: signatures)
    }
}
