import FDLSystem

/// What it was measured on, for people.
struct Machine {
    let place: Place
    let conditions: Conditions
    /// Of the sources.
    let repository: String

    func facts() -> [String] {
        [
            "machine   \(conditions.cores) cores, \(processor); extensions: \(extensions)",
            "memory    \(memory); files on \(said(["stat", "-f", "-c", "%T", place.root])); load \(fixed(conditions.load, 2))",
            "system    Linux \(conditions.kernel), \(words(["openssl", "version"], 0..<2)), Swift \(swift)",
            "peers     \(words(["nginx", "-v"], 2..<3)), \(said(["aria2c", "--version"])), "
                + "\(words(["wget2", "--version"], 1..<3)), \(words(["curl", "--version"], 0..<2))",
            "code      \(said(["git", "-C", repository, "describe", "--always", "--dirty"]))",
        ]
    }

    private var processor: String { field("model name", of: "/proc/cpuinfo") ?? "unknown CPU" }

    private var extensions: String {
        let flags = field("flags", of: "/proc/cpuinfo") ?? field("Features", of: "/proc/cpuinfo") ?? ""
        let present = Set(flags.split(separator: " "))
        let wanted: [Substring] = [
            "sha_ni", "aes", "vaes", "pclmulqdq", "vpclmulqdq", "avx2", "avx512f", "sha2", "pmull",
        ]
        let found = wanted.filter(present.contains)
        return found.isEmpty ? "none" : found.joined(separator: " ")
    }

    private var memory: String {
        let kibibytes = field("MemTotal", of: "/proc/meminfo")?.split(separator: " ").first.flatMap { Double($0) }
        return fixed((kibibytes ?? 0) / 1_048_576, 0) + " GiB"
    }

    private var swift: String {
        let words = said(["swift", "--version"]).split(separator: " ")
        return words.firstIndex(of: "version").map { words[$0...].dropFirst().first.map(String.init) ?? "" }
            ?? "unknown"
    }

    /// The first value of a file of `name: value` lines.
    private func field(_ name: String, of path: String) -> String? {
        let text = (try? WholeFile.read(path, limit: 1 << 22)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        for line in text.split(separator: "\n") where line.hasPrefix(name) {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { return String(parts[1].drop(while: \.isWhitespace)) }
        }
        return nil
    }

    /// The first line that a command says.
    private func said(_ command: [String]) -> String {
        guard let ended = try? place.start(command).wait(), ended.code == 0, let text = try? place.saidLast() else {
            return "unknown"
        }
        return text.split(separator: "\n").first.map(String.init) ?? "unknown"
    }

    private func words(_ command: [String], _ range: Range<Int>) -> String {
        said(command).split(separator: " ").dropFirst(range.lowerBound).prefix(range.count).joined(separator: " ")
    }
}
