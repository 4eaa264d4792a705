import FoundationEssentials
import Testing

/// Large files go past the page cache, and through it where that is asked for.
@Suite("Writing past the page cache")
struct DirectWritingTests {
    /// As much as the page cache is spared of, and an end that fills no block.
    private static let size = (64 << 20) + 1_000

    /// Runs `get` under strace, which alone can tell the two ways of writing apart.
    /// - Returns: how many bytes were written to descriptors that write directly.
    private func get(_ options: [String]) async throws -> Int {
        let scene = try await Scene()
        let published = try await scene.publish(noise(Self.size))
        let worker = try await scene.worker(root: published.root)
        let log = scene.path("strace.log")
        var arguments = ["-f", "-qq", "-o", log, "-e", "trace=openat,pwrite64"]
        arguments += [Program.secure.path, "get", published.manifest, "-o", scene.path("copy"), "--json"]
        arguments += try await scene.acceptance() + ["--server", worker.url] + options
        let done = try GetResult(await scene.run(.system("strace"), arguments, by: .reader)).done()
        #expect(done.chunks.fetched == published.chunkCount)
        #expect(try Files.hold(scene.path("copy"), published.bytes))
        return try bytesWrittenDirectly(String(decoding: Files.read(log), as: UTF8.self))
    }

    /// Lines look like `7 openat(AT_FDCWD, "/proc/self/fd/9", O_WRONLY|O_DIRECT|O_CLOEXEC) = 12` and
    /// `8 pwrite64(12, "..."..., 1048576, 0) = 1048576`; a call that another thread interrupts takes two.
    private func bytesWrittenDirectly(_ log: String) -> Int {
        let lines = log.split(separator: "\n")
        func result(_ line: Substring) -> Int? { line.split(separator: " ").last.flatMap { Int($0) } }
        let direct = Set(lines.filter { $0.contains("O_DIRECT|") && result($0) ?? -1 >= 0 }.compactMap(result))
        var unfinished: [Substring: Bool] = [:]
        return lines.reduce(0) { sum, line in
            let thread = line.prefix { $0 != " " }
            if let start = line.firstRange(of: " pwrite64(") {
                let isDirect = Int(line[start.upperBound...].prefix { $0.isNumber }).map(direct.contains) ?? false
                guard line.hasSuffix("<unfinished ...>") else { return sum + (isDirect ? result(line) ?? 0 : 0) }
                unfinished[thread] = isDirect
            } else if line.contains("<... pwrite64 resumed>"), unfinished.removeValue(forKey: thread) == true {
                return sum + (result(line) ?? 0)
            }
            return sum
        }
    }

    @Test func `A large file is written directly, but for the end that fills no block`() async throws {
        #expect(try await get([]) == Self.size / 4096 * 4096)
    }

    @Test func `With --page-cache it is not`() async throws {
        #expect(try await get(["--page-cache"]) == 0)
    }
}
