import FoundationEssentials
import Glibc
import TestSupport

/// A file too large to keep in the test's own memory, signed, in a directory to serve.
struct LargeFile: Sendable {
    let root: String
    let path: String
    let manifest: String
    /// In bytes.
    let size: Int

    var name: String { String(path.split(separator: "/").last ?? "") }

    /// Whether the file at `other` has the same bytes.
    func matches(_ other: String, in scene: Scene) async throws -> Bool {
        try await scene.run(.system("cmp"), ["-s", path, other], by: .stranger).code == 0
    }
}

extension Scene {
    /// Makes a file of bytes that do not shrink, and signs it.
    func publishLarge(_ size: Int, _ options: [String] = []) async throws -> LargeFile {
        let root = path("large")
        try Files.makeDirectory(root)
        let file = root + "/large.bin"
        // A key stream is noise that is the same in every run.
        let script = """
            head -c "$1" /dev/zero | openssl enc -aes-128-ctr -nosalt \
            -K 000102030405060708090a0b0c0d0e0f -iv 00000000000000000000000000000000 > "$2"
            """
        try await must(.system("sh"), ["-c", script, "sh", "\(size)", file], by: .publisher)
        return LargeFile(root: root, path: file, manifest: try await sign(file, options), size: size)
    }
}

extension RunningProgram {
    /// The most memory it has had resident so far, in bytes, by the kernel's account; nil once it has ended.
    var peakResidentBytes: Int? {
        let status = FileManager.default.contents(atPath: "/proc/\(pid)/status")
        let line = status.map { String(decoding: $0, as: UTF8.self) }?.split(separator: "\n")
            .first { $0.hasPrefix("VmHWM:") }
        return line.flatMap { Int($0.filter(\.isNumber)) }.map { $0 * 1024 }
    }

    /// Waits for its end and watches its memory meanwhile.
    func waitWatchingMemory() async throws -> (ended: Ended, peakResidentBytes: Int) {
        var peak = 0
        while isRunning {
            peak = max(peak, peakResidentBytes ?? 0)
            try await Task.sleep(for: .milliseconds(10))
        }
        return (try await wait(), peak)
    }
}

/// What a duration is in seconds.
func seconds(_ duration: Duration) -> Double { duration / .seconds(1) }

/// A number with two digits behind the point, for tables.
func rounded(_ number: Double) -> String {
    let hundredths = Int((number * 100).rounded())
    let digits = String(100 + hundredths % 100).dropFirst()
    return "\(hundredths / 100).\(digits)"
}
