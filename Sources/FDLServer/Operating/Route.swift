/// The kinds of what can be asked for, to count requests by: few, whatever clients ask for.
enum Route: String, CaseIterable {
    case page, health, index, manifest, chunk, file
    /// Nothing that a worker has, or no request at all.
    case other

    /// - Parameter target: a request target as it was sent; nil if there was no request.
    init(target: String?) {
        guard let target else {
            self = .other
            return
        }
        let path = target.utf8.prefix { $0 != UInt8(ascii: "?") }
        func isBelow(_ folder: String) -> Bool { path.starts(with: folder.utf8) }
        // Its second letter says which of them it may be.
        self =
            switch path.dropFirst().first {
            case nil where isBelow("/"): .page
            case UInt8(ascii: "h") where path.elementsEqual("/healthz".utf8): .health
            case UInt8(ascii: "m") where path.elementsEqual("/manifests/index.json".utf8): .index
            case UInt8(ascii: "m") where isBelow("/manifests/"): .manifest
            case UInt8(ascii: "c") where isBelow("/chunks/"): .chunk
            case UInt8(ascii: "f") where isBelow("/files/"): .file
            default: .other
            }
    }
}
