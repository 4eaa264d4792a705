import TestSupport

/// A published file as a plain tree of files, which any server of static files can serve: manifests with their index,
/// chunks, and the file itself.
struct PlainTree: Sendable {
    let published: Published
    let root: String

    init(_ published: Published, in scene: Scene) throws {
        self.published = published
        root = scene.path("tree")
        let name = published.file.split(separator: "/").last.map(String.init) ?? ""
        try HonestTree(manifest: published.manifest, root: published.root).writeChunks(below: root)
        try Files.copy(published.manifest, to: "\(root)/manifests/\(name).json")
        try Files.copy(published.manifest + ".minisig", to: "\(root)/manifests/\(name).json.minisig")
        let index = #"{"format": "fdl-index-v1", "manifests": [{"name": "\#(name)", "version": 1, "files": "files/"}]}"#
        try Files.write(Array(index.utf8), to: root + "/manifests/index.json")
        try Files.copy(published.file, to: "\(root)/files/\(name)")
    }
}
