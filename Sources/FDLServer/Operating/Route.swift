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
        let path = Substring(target.utf8.prefix { $0 != UInt8(ascii: "?") })
        self =
            switch path {
            case "/": .page
            case "/healthz": .health
            case "/manifests/index.json": .index
            case _ where path.hasPrefix("/manifests/"): .manifest
            case _ where path.hasPrefix("/chunks/"): .chunk
            case _ where path.hasPrefix("/files/"): .file
            default: .other
            }
    }
}
