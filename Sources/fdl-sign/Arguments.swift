public import ArgumentParser
public import FDLCore

extension ManifestName: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(argument)
    }
}

extension ChunkSize: ExpressibleByArgument {
    /// Bytes, or a number with KiB or MiB behind it.
    public init?(argument: String) {
        let units = [("KiB", 10), ("MiB", 20), ("K", 10), ("M", 20)]
        let unit = units.first { argument.hasSuffix($0.0) }
        guard let number = Int(argument.dropLast(unit?.0.count ?? 0)),
            (1...ChunkSize.allowed.upperBound).contains(number)
        else { return nil }
        // At most 2^24 · 2^20.
        self.init(bytes: number << (unit?.1 ?? 0))
    }
}

/// How long something holds: a number with h, d, w or y behind it.
struct Lifetime: ExpressibleByArgument {
    let seconds: Int64

    init?(argument: String) {
        let units: [Character: Int64] = ["h": 3600, "d": 86_400, "w": 7 * 86_400, "y": 365 * 86_400]
        guard let letter = argument.last, let unit = units[letter], let number = Int64(argument.dropLast()),
            // A thousand years are enough, and every sum of them fits.
            (1...1000 * 365 * 24).contains(number), number * unit <= 1000 * 365 * 86_400
        else { return nil }
        self.seconds = number * unit
    }
}

/// The address of a source, with the reason where it is refused.
enum SourceArgument {
    static func parse(_ text: String) throws -> SourceURL {
        do {
            return try SourceURL(text)
        } catch {
            throw ValidationError("\(shownURL(text)) cannot be a source: \(error)")
        }
    }
}
