import FDLSystem
import Glibc

/// What a running process and its children have taken.
struct ServerUsage {
    private let processes: [String]

    init(of pid: pid_t) {
        let own = "\(pid)"
        processes = [own] + Self.names(in: "/proc").filter { Self.parent(of: $0) == own[...] }
    }

    /// Seconds so far, to the nanosecond: the ticks in /proc/PID/stat are too coarse to be added up over many threads.
    var cpu: Double {
        processes.reduce(0) { sum, process in
            Self.names(in: "/proc/\(process)/task").reduce(sum) { sum, task in
                let text = Self.text("/proc/\(process)/task/\(task)/schedstat")
                return sum + (text.split(separator: " ").first.flatMap { Double($0) } ?? 0) / 1e9
            }
        }
    }

    /// In memory now.
    var kibibytes: Double {
        processes.reduce(0) { sum, process in
            let line = Self.text("/proc/\(process)/status").split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
            return sum + (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) } ?? 0)
        }
    }

    /// Behind the name, which may have spaces and parentheses.
    private static func parent(of process: String) -> Substring? {
        guard process.allSatisfy(\.isNumber) else { return nil }
        let fields = text("/proc/\(process)/stat").split(separator: ")").last?.split(separator: " ") ?? []
        return fields.count > 1 ? fields[1] : nil
    }

    /// Empty if the process has ended meanwhile.
    private static func text(_ path: String) -> String {
        String(decoding: (try? WholeFile.read(path, limit: 1 << 16)) ?? [], as: UTF8.self)
    }

    private static func names(in directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
