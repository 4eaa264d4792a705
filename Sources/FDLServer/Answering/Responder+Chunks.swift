import FDLCore
import FDLSystem
import Logging
import NIOHTTP1

// Chunks by their digests.
extension Responder {
    /// - Returns: nil where no manifest of the catalog has such a chunk, and no published tree either.
    func chunk(
        _ digest: SHA256Digest,
        _ request: HTTPRequestHead,
        _ fields: RequestFields,
        now: UTCTime,
        mayWait: Bool
    ) throws(SystemError) -> Decision? {
        let places = watcher.catalog.places(ofChunk: digest)
        var found = try slice(of: places)
        // What is published as a file of its own has been signed.
        if found == nil { found = try publishedChunk(digest).map { (slice: $0, isSigned: true) } }
        guard let (slice, isSigned) = found else {
            return places.isEmpty ? nil : .answer(.refusal(.notFound))
        }
        if !isSigned {
            let verdict = try root.keys.verdict(of: slice.file, mayWait: mayWait)
            if let kept = holdBack(slice.file, by: verdict, ["chunk": "\(digest.hex)"]) { return kept }
        }
        let encodings =
            fields.has(.acceptEncoding) ? AcceptEncoding(fields: request.headers["accept-encoding"]).preferred : []
        if let compressed = try publishedForm(of: digest, encodings, request, fields, now: now) {
            return .answer(compressed)
        }
        let plain = answer(
            request,
            fields,
            slice,
            Validators(entityTag: ChunkHeaders.entityTag(digest, nil)),
            alternatives: encodings.map { ChunkHeaders.entityTag(digest, $0) },
            headers: ChunkHeaders.fields(digest: digest),
            now: now
        )
        // Ranges are never compressed: a part of a compressed chunk cannot be decoded by itself.
        guard plain.status == .ok, !fields.has(.range), let encoding = encodings.first else {
            return .answer(plain)
        }
        return .compress(CompressibleChunk(digest: digest, slice: slice, encoding: encoding), plain: plain)
    }

    /// The chunk in the first file that still has the size its manifest states.
    /// - Throws: `SystemError` if there is none, and one could not be opened.
    private func slice(
        of places: [Catalog.ChunkPlace]
    ) throws(SystemError) -> (slice: FileSlice, isSigned: Bool)? {
        var fault: SystemError?
        for place in places {
            let opened: ServedFile?
            do throws(SystemError) { opened = try root.open(place.path) } catch {
                fault = error
                continue
            }
            guard let file = opened else { continue }
            guard file.status.size == place.fileSize else {
                watcher.reportWrongSize(place.path, expected: place.fileSize, found: file.status.size)
                continue
            }
            return (FileSlice(file: file, offset: place.offset, length: Int64(place.length)), place.isSigned)
        }
        if let fault { throw fault }
        return nil
    }
}
