/// A pattern for relative paths with `/` between their parts, as people know it from shells and `.gitignore`.
///
/// `*` stands for any characters of one part, `?` for one of them, `[a-z]` and `[!a-z]` for one that is, or is not, in
/// the brackets, `**` as a whole part for any number of parts, and `\` takes the next character as it is. A pattern
/// without `/` is looked for at any depth. A pattern that matches a directory matches all that is in it.
package struct Glob: Sendable, Hashable {
    private let parts: [Part]

    private enum Part: Sendable, Hashable {
        case any
        case one([Item])
    }

    private enum Item: Sendable, Hashable {
        case star
        case anything
        case character(Unicode.Scalar)
        case set([ClosedRange<UInt32>], isNegated: Bool)
    }

    /// - Returns: nil for an empty pattern, one with an empty part, and one with a bracket or `\` that nothing follows.
    package init?(_ text: String) {
        var names = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let isAnchored = names.count > 1 && !(names.count == 2 && names[1].isEmpty)
        if names.last?.isEmpty == true { names.removeLast() }
        if names.first?.isEmpty == true, names.count > 1 { names.removeFirst() }
        guard !names.isEmpty, !names.contains("") else { return nil }
        var parts: [Part] = isAnchored ? [] : [.any]
        for name in names {
            guard name != "**" else {
                parts.append(.any)
                continue
            }
            guard let items = Self.items(name) else { return nil }
            parts.append(.one(items))
        }
        self.parts = parts
    }

    private static func items(_ name: String) -> [Item]? {
        var items: [Item] = []
        var rest = Array(name.unicodeScalars)[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "*": if items.last != .star { items.append(.star) }
            case "?": items.append(.anything)
            case "\\":
                guard let next = rest.popFirst() else { return nil }
                items.append(.character(next))
            case "[":
                guard let set = set(&rest) else { return nil }
                items.append(set)
            default: items.append(.character(scalar))
            }
        }
        return items
    }

    private static func set(_ rest: inout ArraySlice<Unicode.Scalar>) -> Item? {
        var ranges: [ClosedRange<UInt32>] = []
        let isNegated = rest.first == "!" || rest.first == "^"
        if isNegated { rest.removeFirst() }
        // A bracket that comes first stands for itself.
        var isFirst = true
        while let scalar = rest.popFirst() {
            if scalar == "]", !isFirst { return .set(ranges, isNegated: isNegated) }
            isFirst = false
            let next = rest.dropFirst().first
            if rest.first == "-", let next, next != "]" {
                rest.removeFirst(2)
                guard scalar.value <= next.value else { return nil }
                ranges.append(scalar.value...next.value)
            } else {
                ranges.append(scalar.value...scalar.value)
            }
        }
        return nil
    }

    /// Whether the pattern matches a path or a directory that it lies in.
    package func matches(_ path: String) -> Bool {
        let names = path.split(separator: "/").map { Array($0.unicodeScalars) }
        // What the parts so far can have used up: numbers of names. No pattern takes more than parts times names.
        var reached: Set<Int> = [0]
        for part in parts {
            switch part {
            case .any:
                guard let least = reached.min() else { return false }
                reached = Set(least...names.count)
            case .one(let items):
                reached = Set(reached.filter { $0 < names.count && Self.match(items, names[$0]) }.map { $0 + 1 })
            }
        }
        // `a/**` is what is in `a`, and not `a` itself.
        if parts.last == .any { return reached.contains(names.count) && (parts.count == 1 || reached.count > 1) }
        return !reached.isEmpty
    }

    private static func match(_ items: [Item], _ name: [Unicode.Scalar]) -> Bool {
        var reached = [Bool](repeating: false, count: name.count + 1)
        reached[0] = true
        for item in items {
            var next = [Bool](repeating: false, count: name.count + 1)
            if item == .star {
                var isReached = false
                for place in next.indices {
                    isReached = isReached || reached[place]
                    next[place] = isReached
                }
            } else {
                for place in name.indices where reached[place] && Self.match(item, name[place]) {
                    next[place + 1] = true
                }
            }
            reached = next
        }
        return reached[name.count]
    }

    private static func match(_ item: Item, _ scalar: Unicode.Scalar) -> Bool {
        switch item {
        case .star, .anything: true
        case .character(let wanted): scalar == wanted
        case .set(let ranges, let isNegated): ranges.contains { $0.contains(scalar.value) } != isNegated
        }
    }
}
