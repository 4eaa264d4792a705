public import ArgumentParser
import FDLCommand
public import FDLCore

extension ManifestName: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(argument)
    }
}

extension ChunkSize: ExpressibleByArgument {
    /// Reads a size as `ByteCount` does.
    public init?(argument: String) {
        guard let count = ByteCount(argument: argument), let bytes = Int(exactly: count.bytes) else { return nil }
        self.init(bytes: bytes)
    }
}

/// How long something is valid: a number followed by h, d, w or y (365 days).
struct Lifetime: ExpressibleByArgument {
    let seconds: Int64

    init?(argument: String) {
        let units: [Character: Int64] = ["h": 3600, "d": 86_400, "w": 7 * 86_400, "y": 365 * 86_400]
        guard let letter = argument.last, let unit = units[letter], let number = Int64(argument.dropLast()),
            // A thousand years at most: nothing computed from them overflows.
            (1...1000 * 365 * 24).contains(number), number * unit <= 1000 * 365 * 86_400
        else { return nil }
        self.seconds = number * unit
    }
}

/// Parses a source's URL; the error gives the reason if it is refused.
enum SourceArgument {
    static func parse(_ text: String) throws -> SourceURL {
        do {
            return try SourceURL(text)
        } catch {
            throw ValidationError("\(shownURL(text)) cannot be a source: \(error)")
        }
    }

    static func repository(_ text: String) throws -> Repository {
        do {
            return try Repository(text)
        } catch {
            throw ValidationError("\(shownURL(text)) cannot be a repository: \(error)")
        }
    }
}
