import FoundationEssentials
import TestSupport

extension Scene {
    /// Runs `fdl-sign publish` as the publisher.
    func publishTree(_ manifest: String, _ arguments: [String]) async throws -> Ended {
        let key = try await publisherKey()
        return try await run(.sign, ["publish", manifest, "--publisher-key", key] + arguments, by: .publisher)
    }

    /// Writes a folder of many small files and some larger ones, and signs it.
    /// - Returns: the folder and its manifest.
    func signedFolder(_ name: String, files: Int, _ options: [String] = []) async throws -> (String, String) {
        let folder = path("work/\(name)")
        for number in 0..<files {
            let size = number % 50 == 0 ? 300_000 : number % 7 * 1_000
            try Files.write(noise(size, seed: UInt64(number + 1)), to: "\(folder)/d\(number % 10)/file \(number)")
        }
        return (folder, try await sign(folder, options))
    }

    /// Whether two folders hold the same.
    func areSame(_ left: String, _ right: String) async throws -> Bool {
        try await run(.system("diff"), ["-r", left, right], by: .stranger).code == 0
    }
}

/// A published tree on disk, looked at by the programs of the system.
struct TreeCheck {
    private struct Listing: Decodable {
        struct File: Decodable {
            let path: String
            let chunks: [String]
        }

        let version: Int
        let files: [File]
    }

    let root: String

    /// All chunks that lie in the tree.
    var chunks: Set<String> {
        get throws {
            guard Files.exists(root + "/chunks") else { return [] }
            return Set(
                try Files.list(root + "/chunks").flatMap { try Files.list("\(root)/chunks/\($0)") }
                    .filter { !$0.hasSuffix(".gz") }
            )
        }
    }

    /// The digests that a manifest names, and its version; nil if it is not there.
    func manifest(_ name: String) throws -> (version: Int, digests: Set<String>)? {
        let path = "\(root)/manifests/\(name).json"
        guard Files.exists(path) else { return nil }
        let listing = try JSONDecoder().decode(Listing.self, from: Data(Files.read(path)))
        return (listing.version, Set(listing.files.flatMap(\.chunks)))
    }

    /// How many bytes its chunks have.
    func chunkBytes() throws -> Int {
        try chunks.reduce(0) { $0 + (try Files.size("\(root)/chunks/\($1.prefix(2))/\($1)")) }
    }

    /// The chunks whose bytes are not what their names say, by sha256sum.
    func wrongChunks(in scene: Scene) async throws -> [String] {
        let script = """
            cd "$0" && find chunks -type f ! -name '*.gz' -printf '%f  %p\\n' | sha256sum -c --quiet 2>/dev/null
            cd "$0" && find chunks -name '*.gz' | while read -r file; do
                name=${file##*/}
                echo "${name%.gz}  -" > "$1"
                gzip -cd "$file" | sha256sum -c --quiet "$1" || echo "$file"
            done
            """
        guard Files.exists(root + "/chunks") else { return [] }
        let ended = try await scene.run(
            .system("sh"),
            ["-c", script, root, scene.path("one.sha256")],
            by: .stranger
        )
        return ended.text.split(separator: "\n").map(String.init)
    }
}
