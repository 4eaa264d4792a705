import FoundationEssentials
import TestSupport
import Testing

/// How a `get --json` ended.
struct GetResult: Sendable {
    let ended: Ended
    /// The lines of standard output, each an object.
    let lines: [String]

    init(_ ended: Ended) {
        self.ended = ended
        lines = ended.text.split(separator: "\n").map(String.init)
    }

    var code: Int32 { ended.code }

    /// The last line of a `get` that went to its end.
    struct Done: Decodable, Sendable {
        struct Chunks: Decodable, Sendable {
            let total: Int
            let fetched: Int
            let reused: Int
        }

        struct Source: Decodable, Sendable {
            let url: String
            let kind: String
            let bytes: Int
            let chunks: Int
            let corrupt: Int
            let failed: Int
            let lacked: Int
            let state: String
            /// The last thing it did wrong.
            let reason: String?
        }

        let event: String
        let path: String
        let bytes: Int
        let chunks: Chunks
        let seconds: Double
        let sources: [Source]

        /// The source at `url`, with or without its closing slash.
        func source(_ url: String) throws -> Source {
            try #require(sources.first { $0.url.trimmingSlash == url.trimmingSlash }, "no source \(url)")
        }
    }

    /// The last line of a `get` that did not.
    struct Failed: Decodable, Sendable {
        let event: String
        let code: Int32
        let message: String
        let hint: String?
    }

    /// What it did; records an issue and ends the test where it did not succeed.
    func done(sourceLocation: SourceLocation = #_sourceLocation) throws -> Done {
        try #require(code == 0, "ended with \(code)\n\(ended.errors)\n\(ended.text)", sourceLocation: sourceLocation)
        let last = try #require(lines.last, sourceLocation: sourceLocation)
        let done = try JSONDecoder().decode(Done.self, from: Data(last.utf8))
        #expect(done.event == "done", sourceLocation: sourceLocation)
        #expect(
            done.chunks.fetched + done.chunks.reused == done.chunks.total,
            "fetched and reused do not add up",
            sourceLocation: sourceLocation
        )
        return done
    }

    /// Why it failed: the same on standard error and in the last line of standard output.
    @discardableResult
    func failed(
        _ expected: Int32...,
        saying parts: String...,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Failed {
        let report = try ended.failed(expected, saying: parts, sourceLocation: sourceLocation)
        let last = try #require(lines.last, sourceLocation: sourceLocation)
        let failed = try JSONDecoder().decode(Failed.self, from: Data(last.utf8))
        #expect(failed.event == "error", sourceLocation: sourceLocation)
        #expect(failed.code == code, sourceLocation: sourceLocation)
        #expect(failed.message == report.message, sourceLocation: sourceLocation)
        #expect(failed.hint == report.hint, sourceLocation: sourceLocation)
        return failed
    }
}

extension Ended {
    /// Checks that the program failed as all commands do: one of `codes`, one line of what happened, one of what to do.
    @discardableResult
    func failed(
        _ codes: [Int32],
        saying parts: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> (message: String, hint: String) {
        #expect(codes.contains(code), "\(command) ended with \(code)\n\(errors)", sourceLocation: sourceLocation)
        let lines = errors.split(separator: "\n").map(String.init)
        let errorLines = lines.filter { $0.hasPrefix("error: ") }
        #expect(errorLines.count == 1, "not one line of error:\n\(errors)", sourceLocation: sourceLocation)
        let message = try #require(errorLines.first, "no error line:\n\(errors)", sourceLocation: sourceLocation)
        let hint = try #require(
            lines.last.flatMap { $0.hasPrefix("hint: ") ? $0 : nil },
            "the last line is no hint:\n\(errors)",
            sourceLocation: sourceLocation
        )
        for part in parts {
            #expect(
                message.lowercased().contains(part.lowercased()),
                "'\(message)' does not say '\(part)'",
                sourceLocation: sourceLocation
            )
        }
        return (String(message.dropFirst("error: ".count)), String(hint.dropFirst("hint: ".count)))
    }

    func failed(
        _ code: Int32,
        saying parts: String...,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try failed([code], saying: parts, sourceLocation: sourceLocation)
    }
}

extension String {
    var trimmingSlash: String { replacingSuffix("/", with: "") }
}
