import TestSupport

/// What the programs' `--help` says that there is.
struct Helps: Sendable {
    /// By the program and its verbs, with blanks between.
    private var texts: [String: String] = [:]
    /// Options that pages speak of alone, and that are other programs'.
    private static let foreign: Set<String> = []

    init(_ scene: Scene) async throws {
        for program in [Program.sign, .secure, .server] {
            var left = [[String]()]
            while let verbs = left.popLast() {
                let text = try await scene.must(program, verbs + ["--help"], by: .stranger).text
                let name = program.path.split(separator: "/").last.map(String.init) ?? ""
                texts[([name] + verbs).joined(separator: " ")] = text
                left += Self.verbs(in: text).map { verbs + [$0] }
            }
        }
        for tool in ["make-certs", "quickstart", "test", "bench", "install", "make-deb", "make-tarball"] {
            texts["tools/" + tool] = try await scene.must(.tool(tool), ["--help"], by: .stranger).text
        }
    }

    private static func verbs(in text: String) -> [String] {
        guard let start = text.firstRange(of: "SUBCOMMANDS:\n")?.upperBound else { return [] }
        return text[start...].split(separator: "\n", omittingEmptySubsequences: false).prefix { !$0.isEmpty }
            .filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }
            .compactMap { $0.split(separator: " ").first.map(String.init) }
    }

    /// The program, verb or option that is named and is not there.
    func unknown(in span: String) -> String? {
        let words = span.split(separator: " ").map(String.init)
        guard let first = words.first else { return nil }
        var text: String
        if first.hasPrefix("--") {
            text = texts.values.joined()
        } else if let found = texts[first] {
            text = found
            var name = first
            for word in words.dropFirst() where !word.hasPrefix("-") {
                guard let deeper = texts[name + " " + word] else {
                    // What has verbs takes nothing else.
                    if !Self.verbs(in: text).isEmpty, word.allSatisfy(\.isLowercase) { return word }
                    break
                }
                (name, text) = (name + " " + word, deeper)
            }
        } else {
            return nil
        }
        return words.first { word in
            let option = word.prefix { $0 == "-" || $0.isLetter || $0.isNumber }
            return option.hasPrefix("--") && option.count > 2 && !text.contains(option)
                && !Self.foreign.contains(String(option))
        }
    }
}
