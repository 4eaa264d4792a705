import FDLCore

/// The part of a catalog that one page shows. However large the catalog is, a page has a bounded size, and finding what
/// is on it takes a bounded time.
struct PageSelection {
    struct Item {
        let publication: Publication
        /// The files to show, by their place in the manifest.
        let files: [Int]
        /// How many the filter leaves, those before and after `files` included.
        let matching: Int
    }

    let items: [Item]
    /// How many publications are left out.
    let left: Int
    /// Whether paths were left unsearched.
    let isSearchCut: Bool

    static let mostItems = 50
    /// The files that a publication shows among others.
    static let filesAmongOthers = 10
    /// The files that a publication shows on a page of its own.
    static let filesAlone = 200
    /// How many paths one request may have searched: a millisecond or two.
    static let mostPaths = 20_000

    init(of publications: [Publication], for request: PageRequest) {
        let needle = Array(request.filter.utf8.map(Self.lowercase))
        var items: [Item] = []
        var left = 0
        var budget = Self.mostPaths
        for publication in publications {
            let manifest = publication.manifest
            if let name = request.name, manifest.name != name { continue }
            let isAlone = request.name != nil
            let all = manifest.files
            let isNamed = !isAlone && Self.contains(manifest.name.string, needle)
            var found: [Int]
            if needle.isEmpty || isNamed {
                found = Array(all.indices.dropFirst(isAlone ? request.from : 0).prefix(Self.room(isAlone)))
                if items.count < Self.mostItems {
                    items.append(Item(publication: publication, files: found, matching: all.count))
                } else {
                    left += 1
                }
                continue
            }
            found = all.indices.prefix(budget).filter { Self.contains(all[$0].path.string, needle) }
            budget -= min(budget, all.count)
            if found.isEmpty, !isAlone { continue }
            guard items.count < Self.mostItems else {
                left += 1
                continue
            }
            let shown = found.dropFirst(isAlone ? request.from : 0).prefix(Self.room(isAlone))
            items.append(Item(publication: publication, files: Array(shown), matching: found.count))
        }
        self.items = items
        self.left = left
        isSearchCut = budget == 0
    }

    private static func room(_ isAlone: Bool) -> Int { isAlone ? filesAlone : filesAmongOthers }

    /// Whether a text contains another, ASCII letters compared without their case.
    /// - Parameter needle: in lower case.
    static func contains(_ text: String, _ needle: [UInt8]) -> Bool {
        if needle.isEmpty { return true }
        var text = text
        return text.withUTF8 { bytes in
            guard bytes.count >= needle.count else { return false }
            return (0...(bytes.count - needle.count)).contains { start in
                needle.indices.allSatisfy { lowercase(bytes[start + $0]) == needle[$0] }
            }
        }
    }

    static func lowercase(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
