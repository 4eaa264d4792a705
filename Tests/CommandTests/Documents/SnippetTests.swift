import TestSupport
import Testing

/// The Swift of README.md and of the articles is that of `Examples/Embed/Articles`, which is compiled.
@Suite("The Swift of the pages")
struct SnippetTests {
    @Test(arguments: ["FDLClient", "FDLPublishing", "FDLServer"])
    func `Each block stands in an example, line for line`(module: String) throws {
        var examples: [[String]] = []
        for name in try Files.list(Program.sources + "/Examples/Embed/Articles") {
            examples.append(Self.lines(try Files.read("\(Program.sources)/Examples/Embed/Articles/\(name)")))
        }
        let pages = try ["README.md", "Sources/\(module)/\(module).docc/\(module).md"].map { try Page($0) }
        for page in pages {
            let blocks = page.blocks.filter { $0.language == "swift" }
            #expect(!blocks.isEmpty, "\(page.name)")
            for block in blocks {
                let lines = Self.lines(Array(block.lines.joined(separator: "\n").utf8))
                let imports = lines.filter { $0.hasPrefix("import ") }
                let rest = lines.filter { !$0.hasPrefix("import ") }
                let isThere = examples.contains { example in
                    example.firstRange(of: rest) != nil && imports.allSatisfy { example.contains($0) }
                }
                #expect(isThere, "\(page.name): \(lines.joined(separator: "\n"))")
            }
        }
    }

    /// Without blank lines and indentation.
    private static func lines(_ text: [UInt8]) -> [String] {
        String(decoding: text, as: UTF8.self).split(separator: "\n").map { String($0.drop { $0 == " " }) }
            .filter { !$0.isEmpty }
    }

    /// What a program of one's own has to bring for a worker: eight lines, with one import.
    @Test func `A directory is served in eight lines`() throws {
        let page = try Page("Sources/FDLServer/FDLServer.docc/FDLServer.md")
        let block = try page.block("swift", beginning: "import FDLServer")
        #expect(block.split(separator: "\n").count <= 8)
        #expect(block.split(separator: "\n").count { $0.hasPrefix("import") } == 1)
    }
}
