import FoundationEssentials
import TestSupport
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
        var arguments = ["-f", "-qq", "-o", log, "-e", "trace=openat,pwrite64,pwritev"]
        arguments += [Program.secure.path, "get", published.manifest, "-o", scene.path("copy"), "--json"]
        arguments += try await scene.acceptance() + ["--server", worker.url] + options
        let done = try GetResult(await scene.run(.system("strace"), arguments, by: .reader)).done()
        #expect(done.chunks.fetched == published.chunkCount)
        #expect(try Files.hold(scene.path("copy"), published.bytes))
        return try bytesWrittenDirectly(String(decoding: Files.read(log), as: UTF8.self))
    }

    /// Lines look like `7 openat(AT_FDCWD, "/proc/self/fd/9", O_WRONLY|O_DIRECT|O_CLOEXEC) = 12` and
    /// `8 pwrite64(12, "..."..., 1048576, 0) = 1048576`, or `pwritev` for neighbours that are written together.
    private func bytesWrittenDirectly(_ log: String) -> Int {
        // A number is another file's after the next open that gives it.
        var direct: Set<Int> = []
        var sum = 0
        for (call, result) in wholeCalls(log) {
            guard let start = call.firstRange(of: " pwrite64(") ?? call.firstRange(of: " pwritev(") else {
                if call.contains("O_DIRECT|") { direct.insert(result) } else { direct.remove(result) }
                continue
            }
            let descriptor = Int(call[start.upperBound...].prefix { $0.isNumber })
            if let descriptor, direct.contains(descriptor) { sum += max(0, result) }
        }
        return sum
    }

    /// Each call as it began, and its result: where another thread's line comes between, strace gives it two lines.
    private func wholeCalls(_ log: String) -> [(call: Substring, result: Int)] {
        var unfinished: [Substring: Substring] = [:]
        return log.split(separator: "\n").compactMap { line in
            let thread = line.prefix { $0 != " " }
            if line.hasSuffix("<unfinished ...>") {
                unfinished[thread] = line
                return nil
            }
            let call = line.contains(" resumed>") ? unfinished.removeValue(forKey: thread) : line
            guard let call,
                let result = line.split(separator: " = ").last?.split(separator: " ").first.flatMap({ Int($0) })
            else { return nil }
            return (call, result)
        }
    }

    @Test func `A large file is written directly, but for the end that fills no block`() async throws {
        #expect(try await get([]) == Self.size / 4096 * 4096)
    }

    @Test func `With --page-cache it is not`() async throws {
        #expect(try await get(["--page-cache"]) == 0)
    }

    @Test func `Killed midway, it leaves nothing wrong, and the next run fetches what is missing and no more`()
        async throws
    {
        let scene = try await Scene()
        let published = try await scene.publish(noise(Self.size))
        let worker = try await scene.worker(root: published.root)
        let output = scene.path("copy")
        let get = try await scene.startGet(published.manifest, to: output, from: [worker.url], ["--limit-rate", "24M"])
        try await get.writes(Self.size / 2)
        _ = try await get.kill9()
        #expect(!Files.exists(output))
        #expect(try published.holdsNothingWrong(output + ".fdl-part"))
        let kept = try published.rightChunks(in: output + ".fdl-part")
        #expect(kept.count > 0)
        let done = try await scene.get(published.manifest, to: output, from: [worker.url]).done()
        #expect(done.chunks.reused == kept.count)
        #expect(try Files.hold(output, published.bytes))
    }

    @Test(arguments: ["ENOSPC", "EIO"])
    func `The disk fails one of several writes: it ends, nothing has the name, and the next run goes on`(
        error: String
    ) async throws {
        let scene = try await Scene()
        let published = try await scene.publish(noise(Self.size))
        let worker = try await scene.worker(root: published.root)
        let output = scene.path("copy")
        var arguments = ["-f", "-qq", "-o", scene.path("strace.log"), "-e", "trace=pwrite64"]
        // strace counts thread by thread: each of the writers comes to its fifth.
        arguments += ["-e", "inject=pwrite64:error=\(error):when=5"]
        arguments += [Program.secure.path, "get", published.manifest, "-o", output, "--json"]
        arguments += try await scene.acceptance() + ["--server", worker.url]
        let failed = try GetResult(await scene.run(.system("strace"), arguments, by: .reader)).failed(74)
        #expect(!failed.message.contains("https://"))
        #expect(!Files.exists(output))
        let done = try await scene.get(published.manifest, to: output, from: [worker.url]).done()
        #expect(done.chunks.reused > 0)
        #expect(try Files.hold(output, published.bytes))
    }
}
