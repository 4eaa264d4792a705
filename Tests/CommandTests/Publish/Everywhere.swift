import FoundationEssentials
import TestSupport

/// One published file or folder on every kind of server at once: nginx, Apache, Caddy, an object store, a registry, and
/// three workers of which each has two thirds.
final class Everywhere: Sendable {
    private static let repository = "demo/data"

    private let scene: Scene
    private let servers: [RealServer]
    private let registry: RealServer
    private let store: ObjectStore
    private let workers: [Worker]

    init(in scene: Scene) async throws {
        self.scene = scene
        let directories = Self.trees + (0..<3).map { Self.fragment($0) }
        for tree in directories { try Files.makeDirectory(scene.path(tree)) }
        servers = [
            try await RealServer.start(.nginx, root: scene.path(Self.trees[0]), in: scene),
            try await RealServer.start(.apache2, root: scene.path(Self.trees[1]), in: scene),
            try await RealServer.start(.caddy, root: scene.path(Self.trees[2]), in: scene),
        ]
        var workers: [Worker] = []
        for number in 0..<3 { workers.append(try await scene.worker(root: scene.path(Self.fragment(number)))) }
        self.workers = workers
        registry = try await RegistryServer.start(in: scene)
        store = try await ObjectStore.start(volumes: 3, in: scene)
        try await store.makeBucket("pub", in: scene)
    }

    private static let trees = ["nginx", "apache", "caddy"].map { $0 + "-tree" }
    private static func fragment(_ number: Int) -> String { "fragment-\(number)" }

    private var prefix: String { store.url(ofBucket: "pub") + "releases/" }
    private var repositoryURL: String { "\(registry.url)v2/\(Self.repository)/" }

    /// What a reader names, beside the registry: all servers that answer as trees.
    var urls: [String] { servers.map(\.url) + [prefix] + workers.map(\.url) }
    var options: [String] { ["--oci", repositoryURL] }
    var sources: [String] { urls + [repositoryURL] }

    // MARK: Publishing

    /// Puts a version everywhere, as its publisher would.
    func publish(_ manifest: String, from original: String) async throws {
        for tree in Self.trees {
            try await scene.publishTree(manifest, [scene.path(tree), "--from", original, "--prune"]).succeeded()
        }
        let fragments = (0..<3).map { scene.path(Self.fragment($0)) }
        let at = workers.flatMap { ["--at", $0.url] }
        try await scene.publishTree(manifest, fragments + ["--from", original, "--prune"] + at).succeeded()
        let trust = ["--cacert", scene.certificates.authority]
        let target = "oci://127.0.0.1:\(registry.port)/\(Self.repository)"
        try await scene.publishTree(manifest, [target, "--from", original] + trust).succeeded()
        // The store gets what lies in a directory of its own: from the others chunks may have been lost.
        let own = scene.path("store-tree")
        try await scene.publishTree(manifest, [own, "--from", original, "--no-files"]).succeeded()
        try await upload(own)
    }

    private func upload(_ tree: String) async throws {
        let program = try scene.start(
            .system(Program.packaged("object-stores/rclone.sh")),
            [tree, "store:pub/releases", "--ca-cert", scene.certificates.authority, "--transfers", "8"],
            by: .publisher,
            environment: [
                "RCLONE_CONFIG_STORE_TYPE": "s3", "RCLONE_CONFIG_STORE_PROVIDER": "SeaweedFS",
                "RCLONE_CONFIG_STORE_ACCESS_KEY_ID": ObjectStore.key,
                "RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY": ObjectStore.secret,
                "RCLONE_CONFIG_STORE_ENDPOINT": "https://\(store.host)",
            ]
        )
        _ = try await program.wait().succeeded()
    }

    // MARK: Losing

    /// Each server loses chunks that no other one loses.
    /// - Parameter count: how many.
    /// - Returns: how many were lost in all.
    func loseChunks(_ count: Int) async throws -> Int {
        var lost: Set<String> = []
        func victims(_ tree: String) throws -> [String] {
            let found = try TreeCheck(root: scene.path(tree)).chunks.subtracting(lost).sorted().prefix(count)
            lost.formUnion(found)
            return Array(found)
        }
        for tree in Self.trees + (0..<3).map({ Self.fragment($0) }) {
            for digest in try victims(tree) {
                try Files.remove("\(scene.path(tree))/chunks/\(digest.prefix(2))/\(digest)")
            }
        }
        for digest in try victims("store-tree") { try await delete("\(prefix)chunks/\(digest.prefix(2))/\(digest)") }
        for digest in try victims("store-tree") { try await delete("\(repositoryURL)blobs/sha256:\(digest)") }
        return lost.count
    }

    private func delete(_ url: String) async throws {
        let trust = ["--cacert", scene.certificates.authority]
        try await scene.must(.system("curl"), ["-sS", "--fail", "-X", "DELETE"] + trust + [url], by: .publisher)
    }
}

/// Whether the tests run at full size: `tools/test --all`.
let runsAll = ProcessInfo.processInfo.environment["FDL_TEST_ALL"] == "1"
