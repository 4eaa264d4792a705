import FoundationEssentials
import Glibc
import TestSupport
import Testing

@Suite("The worker's log of accesses")
struct AccessLogTests {
    private let scene: Scene
    private let published: Published

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(prose(300_000), chunkSize: 65_536)
    }

    private func curl(_ worker: Worker, _ path: String, _ options: String...) async throws -> Ended {
        let arguments = ["-sS", "-o", "/dev/null", "--cacert", scene.certificates.authority] + options
        return try await scene.run(.system("curl"), arguments + [worker.url + path], by: .reader)
    }

    /// The log's lines, once there are so many.
    private func lines(_ path: String, atLeast count: Int) async throws -> [String] {
        try await eventually("\(path) has \(count) lines") {
            guard Files.exists(path) else { return nil }
            let lines = String(decoding: try Files.read(path), as: UTF8.self).split(separator: "\n").map(String.init)
            return lines.count >= count ? lines : nil
        }
    }

    @Test func `A line for each request, without its query, and no other line`() async throws {
        let log = scene.path("access.log")
        let worker = try await scene.worker(root: published.root, ["--access-log", log])
        _ = try await curl(worker, "files/data.bin?token=secret", "-A", "me \"x\"", "-e", "https://a.example/?s=secret")
        _ = try await curl(worker, "files/none", "-r", "0-9")
        _ = try await curl(worker, "files/data.bin", "-r", "0-99", "--tls-max", "1.2")
        let found = try await lines(log, atLeast: 3)
        #expect(found.count == 3)
        let date = #"\[\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d \+0000\]"#
        let first =
            #"127\.0\.0\.1 - - "# + date + #" "GET /files/data\.bin HTTP/1\.1" 200 300000 "https://a\.example/" "#
            + #""me \\x22x\\x22" \d+\.\d{3} TLSv1\.3"#
        #expect(try found[0].wholeMatch(of: Regex(first)) != nil, "\(found[0])")
        #expect(found[1].contains("\"GET /files/none HTTP/1.1\" 404 "))
        #expect(found[2].contains(" 206 100 ") && found[2].hasSuffix("TLSv1.2"))
        #expect(!found.joined().contains("secret"))
    }

    @Test func `JSON to standard output, with the client's subject`() async throws {
        let worker = try await scene.worker(
            root: published.root,
            ["--access-log", "-", "--access-log-format", "json", "--client-ca", scene.certificates.authority]
        )
        let alice = scene.certificates.client("alice")
        let answer = try await scene.run(
            .system("curl"),
            ["-sS", "-o", "/dev/null", "--cacert", scene.certificates.authority]
                + ["--cert", alice.certificate, "--key", alice.key, worker.url + "files/data.bin"],
            by: .reader
        )
        #expect(answer.code == 0)
        let line = try await worker.program.until("it logs") {
            let lines = String(decoding: worker.program.output, as: UTF8.self).split(separator: "\n")
            return lines.first { $0.hasPrefix("{") && $0.hasSuffix("}") }.map(String.init)
        }
        #expect(line.contains("\"subject\":\"CN=alice"))
        #expect(line.contains("\"status\":200") && line.contains("\"complete\":true"))
        #expect(line.contains("\"tls\":\"TLSv1.3\"") && line.contains("\"bytes\":300000"))
    }

    @Test func `SIGUSR1 opens the log again, for what rotates logs`() async throws {
        let log = scene.path("access.log")
        let worker = try await scene.worker(root: published.root, ["--access-log", log])
        _ = try await curl(worker, "healthz")
        _ = try await lines(log, atLeast: 1)
        try await scene.must(.system("mv"), [log, log + ".1"], by: .publisher)
        worker.program.signal(SIGUSR1)
        _ = try await worker.program.until("it opens them") {
            worker.program.errors.contains("logs opened again") ? true : nil
        }
        _ = try await curl(worker, "files/data.bin")
        #expect(try await lines(log, atLeast: 1)[0].contains("GET /files/data.bin"))
        #expect(try await lines(log + ".1", atLeast: 1).count == 1)
    }

    @Test func `A log that cannot be written to is an error at the start`() async throws {
        let ended = try await scene.run(
            .server,
            [
                "--cert", scene.certificates.server, "--root", published.root, "--listen", "127.0.0.1:0",
                "--access-log", scene.path("none/access.log"),
            ],
            by: .publisher
        )
        #expect(ended.code == 78)
        #expect(ended.errors.contains("error: the access log cannot be opened"))
        #expect(ended.errors.contains("hint: name a file that this user may write to"))
    }

    @Test func `A program that reads the combined format reads ours`() async throws {
        let log = scene.path("access.log")
        let worker = try await scene.worker(root: published.root, ["--access-log", log])
        for _ in 0..<3 { _ = try await curl(worker, "files/data.bin") }
        _ = try await curl(worker, "files/none")
        _ = try await lines(log, atLeast: 4)
        let report = scene.path("report.json")
        try await scene.must(
            .system("goaccess"),
            [log, "--log-format=COMBINED", "--no-global-config", "-o", report],
            by: .reader
        )
        let text = String(decoding: try Files.read(report), as: UTF8.self)
        #expect(text.contains("\"valid_requests\": 4"))
        #expect(text.contains("\"failed_requests\": 0"))
    }
}
