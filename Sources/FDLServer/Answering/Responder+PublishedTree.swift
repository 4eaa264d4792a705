import FDLCompression
import FDLCore
import FDLSystem
import NIOCore
import NIOHTTP1

// A root that `fdl-sign publish` wrote, or one of several that share the chunks: what is there is served as any server of
// static files would.
extension Responder {
    /// A whole file of a published tree.
    /// - Parameter path: below `/files/`.
    func openPublished(_ path: String) throws(SystemError) -> ServedFile? {
        try root.open(TreePath.files + path)
    }

    /// A chunk that is a file of its own.
    /// - Returns: nil if there is none.
    func publishedChunk(_ digest: SHA256Digest) throws(SystemError) -> FileSlice? {
        guard watcher.catalog.hasChunkFiles, let file = try root.open(TreePath.chunk(digest).relative),
            file.status.size <= Int64(ChunkSize.allowed.upperBound)
        else { return nil }
        return FileSlice(file: file, offset: 0, length: file.status.size)
    }

    /// The answer with a chunk's compressed form that was published with it.
    ///
    /// Whoever has got something wrong and asks again past all caches is not given it again.
    /// - Parameter encodings: those that the client accepts.
    /// - Returns: nil if there is none, or a part of the chunk is asked for.
    func publishedForm(
        of digest: SHA256Digest,
        _ encodings: [ContentEncoding],
        _ request: HTTPRequestHead,
        _ fields: RequestFields,
        now: UTCTime
    ) throws(SystemError) -> Answer? {
        guard encodings.contains(.gzip), watcher.catalog.hasChunkFiles, !fields.has(.range),
            !request.headers[canonicalForm: "cache-control"].contains("no-cache"),
            let file = try root.open(TreePath.chunk(digest).relative + FileNames.compressedSuffix),
            file.status.size <= Int64(ChunkSize.allowed.upperBound)
        else { return nil }
        var headers = ChunkHeaders.fields(digest: digest)
        // It would be that of the compressed bytes, which nobody has hashed.
        headers.remove(name: "Repr-Digest")
        headers.add(name: "Content-Encoding", value: ContentEncoding.gzip.rawValue)
        // Not that of the form which is made on demand: the bytes may be others.
        let changed = String(file.status.modified, radix: 16)
        let validators = Validators(entityTag: "\"\(digest.hex)-gz-\(changed)\"")
        let slice = FileSlice(file: file, offset: 0, length: file.status.size)
        return answer(request, fields, slice, validators, headers: headers, now: now)
    }

    // MARK: Exports

    /// The most chunks of which an export lists the digests: it is made for each request.
    private static let mostPieces = 1 << 16

    /// What other programs download and check by, made from a manifest: `NAME.meta4` and `NAME.sha256`.
    /// - Returns: nil for other names, and if the manifest does not say enough.
    func export(_ name: String, host: String?) -> Answer? {
        guard let format = ExportFormat.allCases.first(where: { name.utf8.ends(with: $0.suffix) }),
            let published = watcher.catalog.manifest(named: name.dropLast(format.suffix.count))
        else { return nil }
        let export = ManifestExport(published.manifest)
        let text: String?
        switch format {
        case .metalink:
            let own = "\(FrontPage.site(host: host))/\(TreePath.percentEncoded(published.filesPrefix))"
            text = try? export.metalink(filesAt: [own], mostPieces: Self.mostPieces)
        case .checksums:
            text = try? export.checksums()
        }
        guard let text else { return nil }
        return Answer(
            .ok,
            headers: ["Content-Type": format.mediaType, "Cache-Control": "no-cache"],
            body: .bytes(ByteBuffer(string: text))
        )
    }
}
