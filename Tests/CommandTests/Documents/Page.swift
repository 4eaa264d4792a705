import TestSupport

/// A page of the documentation: its blocks of code, and what it has in line.
struct Page: Sendable {
    /// A fenced block, or lines that are indented by four.
    struct Block: Sendable {
        /// What the fence says; nil for an indented block.
        let language: String?
        let lines: [String]

        /// A block's commands, each on one line or on several that end in a backslash; no comments.
        var commands: [String] {
            guard language == "sh" else { return [] }
            var commands: [String] = []
            var open = ""
            for line in lines {
                open += open.isEmpty ? line : "\n" + line
                if line.hasSuffix("\\") { continue }
                if let first = open.first(where: { !$0.isWhitespace }), first != "#" { commands.append(open) }
                open = ""
            }
            return commands
        }
    }

    /// Where it lies below the sources.
    let name: String
    let blocks: [Block]
    /// What stands between backquotes in the text.
    let spans: [String]

    /// All its commands, in order.
    var commands: [String] { blocks.flatMap(\.commands) }

    /// A block's text, by what it begins with.
    func block(_ language: String, beginning start: String = "") throws -> String {
        for block in blocks where block.language == language {
            let text = block.lines.joined(separator: "\n")
            if text.hasPrefix(start) { return text }
        }
        throw HarnessError("\(name) has no block of \(language) that begins with \(start)")
    }

    init(_ name: String) throws {
        self.init(name, text: String(decoding: try Files.read(Program.sources + "/" + name), as: UTF8.self))
    }

    init(_ name: String, text: String) {
        self.name = name
        var blocks: [Block] = []
        var prose = ""
        var fence: (language: String, lines: [String])?
        var indented: [String] = []
        var afterBlank = true
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if let open = fence {
                if line == "```" {
                    blocks.append(Block(language: open.language, lines: open.lines))
                    fence = nil
                } else {
                    fence?.lines.append(line)
                }
                continue
            }
            if line.hasPrefix("    "), afterBlank || !indented.isEmpty {
                indented.append(String(line.dropFirst(4)))
                continue
            }
            if !indented.isEmpty { blocks.append(Block(language: nil, lines: indented)) }
            indented = []
            afterBlank = line.isEmpty
            if line.hasPrefix("```") { fence = (String(line.dropFirst(3)), []) } else { prose += line + "\n" }
        }
        if !indented.isEmpty { blocks.append(Block(language: nil, lines: indented)) }
        self.blocks = blocks
        let parts = prose.split(separator: "`", omittingEmptySubsequences: false)
        spans = stride(from: 1, to: parts.count, by: 2).map { index in
            parts[index].split { $0.isWhitespace }.joined(separator: " ")
        }
    }

    /// The pages there are.
    static func all() throws -> [Page] {
        let documents = try Files.list(Program.sources + "/docs").filter { $0.hasSuffix(".md") }.map { "docs/" + $0 }
        return try (["README.md", "certs/README.md"] + documents).map { try Page($0) }
    }
}
