import FDLCore
import Testing
import TestSupport

/// Manifests for the codec's tests.
enum ManifestSamples {
    static let digestA = String(repeating: "a", count: 64)
    static let digestB = String(repeating: "0b", count: 32)
    static let pin = "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    static let authority = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"

    /// A valid manifest's fields, each with its JSON text.
    static let fields: [(name: String, value: String)] = [
        ("format", "\"fdl-manifest-v1\""),
        ("name", "\"ubuntu.iso\""),
        ("version", "1795341600"),
        ("created", "\"2026-11-22T10:00:00Z\""),
        ("expires", "\"2027-11-22T10:00:00Z\""),
        ("hash", "\"sha256\""),
        ("chunkSize", "65536"),
        ("files", "[\(file()), \(file(path: "empty", size: "0", chunks: []))]"),
        ("sources", "[{\"kind\": \"worker\", \"url\": \"https://a.example:8443/\"}]"),
        ("trust", "{\"pins\": [\"\(pin)\"]}"),
    ]

    static func file(
        path: String = "ubuntu.iso",
        size: String = "65537",
        chunks: [String] = [digestA, digestB]
    ) -> String {
        let list = chunks.map { "\"\($0)\"" }.joined(separator: ", ")
        return "{\"path\": \"\(path)\", \"size\": \(size), \"executable\": false, \"chunks\": [\(list)]}"
    }

    /// The text with one field replaced, or left out where `value` is nil.
    static func text(_ field: String = "", _ value: String? = nil) -> String {
        let members = fields.compactMap { name, standard -> String? in
            guard name == field else { return "\"\(name)\": \(standard)" }
            return value.map { "\"\(name)\": \($0)" }
        }
        return "{" + members.joined(separator: ", ") + "}"
    }

    static func parse(_ text: String) throws(ManifestError) -> Manifest {
        try Manifest(parsing: Array(text.utf8))
    }

    /// A manifest drawn from `random`.
    static func random(using random: inout SeededGenerator) throws -> Manifest {
        let chunkSize = try #require(ChunkSize(bytes: 1 << Int.random(in: 16...24, using: &random)))
        let letters: [Character] = ["a", "Z", "7", " ", "\"", "é", "😀", ".", "'", "/", "\u{2028}", "ﬁ"]
        var files: [Manifest.File] = []
        var count = 0
        for index in 0..<Int.random(in: 1...20, using: &random) {
            let length = Int.random(in: 0...12, using: &random)
            let tail = (0..<length).map { _ in letters.randomElement(using: &random) ?? "a" }
            // Every name begins with its number, so no two paths collide whatever follows.
            guard let path = try? SafePath("\(index)-" + String(tail)) else { continue }
            let size = Int64.random(in: 0...Int64(chunkSize.bytes) * 5, using: &random)
            count += Int(chunkSize.chunkCount(fileSize: size))
            let sha256 = Bool.random(using: &random) ? try digest(using: &random) : nil
            files.append(.init(path: path, size: size, isExecutable: .random(using: &random), sha256: sha256))
        }
        if files.isEmpty { files = [.init(path: try SafePath("only"), size: 0, isExecutable: false)] }
        let sources = try (0..<Int.random(in: 0...3, using: &random)).map { index in
            Manifest.Source(
                kind: SourceKind.allCases.randomElement(using: &random) ?? .worker,
                url: try SourceURL("https://host\(index).example:\(Int.random(in: 1...65535, using: &random))/p%20/")
            )
        }
        let trust = Manifest.Trust(
            certificateAuthority: Bool.random(using: &random) ? authority : nil,
            pins: Bool.random(using: &random) ? [pin, pin] : []
        )
        return try Manifest(
            name: ManifestName(from: String((0..<8).map { _ in letters.randomElement(using: &random) ?? "a" })),
            version: Int64.random(in: Manifest.allowedVersions, using: &random),
            created: UTCTime(secondsSince1970: Int64.random(in: 0...250_000_000_000, using: &random)),
            expires: Bool.random(using: &random) ? UTCTime(secondsSince1970: 4_000_000_000) : nil,
            chunkSize: chunkSize,
            files: files,
            digests: try (0..<count).map { _ in try digest(using: &random) },
            sources: sources,
            trust: Bool.random(using: &random) ? trust : nil
        )
    }

    private static func digest(using random: inout SeededGenerator) throws -> SHA256Digest {
        let bytes = (0..<SHA256Digest.byteCount).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        return try #require(bytes.withUnsafeBytes { SHA256Digest(bytes: $0) })
    }
}
