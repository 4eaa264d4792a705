import FDLCore
import FDLCrypto

/// What a registry is asked for when blobs and manifests are put into it (OCI distribution specification, *Push*).
struct BlobUploads: Sendable {
    let transport: any RegistryTransport

    var repository: Repository { transport.repository }

    /// What is busy or broken off is asked again after so many seconds.
    private static let pauses: [Double] = [0.5, 2, 5]

    /// Whether a blob is there. A registry on a store may answer by where it is.
    func isThere(_ digest: SHA256Digest) async throws(RegistryPublishingError) -> Bool {
        let response = try await ask(.head, target(Repository.blob(digest)))
        switch response.status {
        case 200...299, 301, 302, 303, 307, 308: return true
        case 404: return false
        default: throw refused(response)
        }
    }

    /// Puts bytes there, unless they are there.
    func push(_ bytes: [UInt8]) async throws(RegistryPublishingError) -> SHA256Digest {
        let digest = SHA256Digest(hashing: bytes)
        if try await !isThere(digest) { try await upload(bytes, digest) }
        return digest
    }

    /// Uploads a blob as a whole: an upload is begun, and the bytes are put where that says.
    func upload(_ bytes: [UInt8], _ digest: SHA256Digest) async throws(RegistryPublishingError) {
        let begun = try await ask(.post, target("blobs/uploads/"))
        guard begun.status == 202, let location = begun.location else { throw refused(begun) }
        let place: TargetURL
        do throws(RedirectFault) { place = try target("blobs/uploads/").resolving(location) } catch {
            throw .registry(.redirects(error), repository)
        }
        guard place.origin == repository.url.origin else {
            throw .registry(.protocolViolation("has uploads go to \(place.origin)"), repository)
        }
        let joint = place.pathAndQuery.contains("?") ? "&" : "?"
        let whole = TargetURL(
            origin: place.origin,
            pathAndQuery: place.pathAndQuery + "\(joint)digest=sha256%3A\(digest)"
        )
        let ended = try await ask(.put, whole, type: "application/octet-stream", body: bytes)
        guard ended.status == 201 || ended.status == 204 else { throw refused(ended) }
    }

    /// The registry's manifest of a tag; nil if there is none.
    func document(_ tag: String) async throws(RegistryPublishingError) -> [UInt8]? {
        let types = "\(RegistryArtifact.imageType), \(RegistryArtifact.indexType)"
        let response = try await ask(.get, target("manifests/\(tag)"), type: types)
        switch response.status {
        case 200: return response.body
        case 404: return nil
        default: throw refused(response)
        }
    }

    func put(_ document: RegistryArtifact.Document, tag: String) async throws(RegistryPublishingError) {
        let response = try await ask(.put, target("manifests/\(tag)"), type: document.type, body: document.bytes)
        guard (200...204).contains(response.status) else { throw refused(response) }
    }

    private func target(_ relative: String) -> TargetURL {
        TargetURL(origin: repository.url.origin, pathAndQuery: repository.url.target(of: relative))
    }

    private func ask(
        _ method: RegistryRequest.Method,
        _ target: TargetURL,
        type: String? = nil,
        body: [UInt8] = []
    ) async throws(RegistryPublishingError) -> RegistryResponse {
        let request = RegistryRequest(method, target, type: type, body: body)
        for pause in Self.pauses {
            var wanted: Int?
            do throws(SourceError) {
                let response = try await transport.send(request)
                guard Self.isPassing(response.status) else { return response }
                wanted = response.retryAfter
            } catch {
                guard Self.isPassing(error) else { throw .registry(error, repository) }
            }
            let seconds = max(pause, Double(min(wanted ?? 0, 30)))
            do { try await Task.sleep(for: .seconds(seconds)) } catch { throw .cancelled }
        }
        do throws(SourceError) { return try await transport.send(request) } catch {
            throw .registry(error, repository)
        }
    }

    private static func isPassing(_ status: Int) -> Bool { status == 429 || (500...599).contains(status) }

    private static func isPassing(_ error: SourceError) -> Bool {
        switch error {
        case .timeout, .closedEarly, .unreachable(.other): true
        case .token(let fault): !fault.isFinal
        default: false
        }
    }

    private func refused(_ response: RegistryResponse) -> RegistryPublishingError {
        let error: SourceError =
            switch response.status {
            case _ where response.isWebPage: .webPage(bytes: response.body.count)
            case 404: .lacking
            case 401, 403, 407: .forbidden(response.status)
            case 429, 500...599: .status(response.status, retryAfter: nil)
            default: .protocolViolation("answered \(response.status)")
            }
        return .registry(error, repository)
    }
}
