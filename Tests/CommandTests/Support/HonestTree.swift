import FoundationEssentials
import TestSupport

/// What a worker that does its work would answer: the chunks and files of one manifest, in memory.
struct HonestTree: Sendable {
    private struct Listing: Decodable {
        struct File: Decodable {
            let path: String
            let size: Int
            let chunks: [String]
        }

        let chunkSize: Int
        let files: [File]
    }

    private let files: [String: [UInt8]]
    private let chunks: [String: [UInt8]]
    /// All chunks' digests, in the manifest's order.
    let digests: [String]

    /// - Parameter root: where the manifest's files lie.
    init(manifest: String, root: String) throws {
        let listing = try JSONDecoder().decode(Listing.self, from: Data(Files.read(manifest)))
        var files: [String: [UInt8]] = [:]
        var chunks: [String: [UInt8]] = [:]
        for file in listing.files {
            let bytes = try Files.read(root + "/" + file.path)
            files[file.path] = bytes
            for (index, digest) in file.chunks.enumerated() {
                chunks[digest] = Array(
                    bytes[(index * listing.chunkSize)..<min((index + 1) * listing.chunkSize, file.size)]
                )
            }
        }
        self.files = files
        self.chunks = chunks
        digests = listing.files.flatMap(\.chunks)
    }

    /// Writes the chunks as a worker's tree has them, for a server of plain files.
    func writeChunks(below root: String) throws {
        for (digest, bytes) in chunks { try Files.write(bytes, to: root + "/chunks/\(digest.prefix(2))/\(digest)") }
    }

    /// The digest that a request for a chunk asks for.
    func digest(of request: FaultServer.Request) -> String? {
        request.target.contains("/chunks/") ? request.target.split(separator: "/").last.map(String.init) : nil
    }

    /// The bytes of a chunk.
    func chunk(_ digest: String) -> [UInt8]? { chunks[digest] }

    /// The bytes a request asks for, whether by digest or by range.
    func bytes(for request: FaultServer.Request) -> [UInt8]? {
        if let digest = digest(of: request) { return chunks[digest] }
        guard let file = file(of: request) else { return nil }
        guard let range = request.range else { return file }
        return range.upperBound < file.count ? Array(file[range]) : nil
    }

    /// The whole file that a request is about.
    func file(of request: FaultServer.Request) -> [UInt8]? {
        guard request.target.hasPrefix("/files/") else { return nil }
        return files[String(request.target.dropFirst("/files/".count))]
    }

    /// The head fields that say which part of the file follows.
    func contentRange(_ request: FaultServer.Request) -> [String] {
        guard let range = request.range, let file = file(of: request) else { return [] }
        return ["Content-Range: bytes \(range.lowerBound)-\(range.upperBound)/\(file.count)"]
    }

    /// Answers as it should be done.
    func answer(_ request: FaultServer.Request, _ reply: FaultServer.Reply) async throws {
        guard let bytes = bytes(for: request) else {
            return try await reply.send(status: "404 Not Found", body: [])
        }
        let range = contentRange(request)
        try await reply.send(status: range.isEmpty ? "200 OK" : "206 Partial Content", headers: range, body: bytes)
    }
}
