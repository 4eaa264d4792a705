import TestSupport
import Testing

@Suite("fdl-secure-server, by curl")
struct ServerTests {
    private let scene: Scene
    private let published: Published
    private let worker: Worker

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(prose(300_000), chunkSize: 65_536)
        worker = try await scene.worker(root: published.root)
    }

    /// An answer as curl saw it.
    private struct Answer {
        let code: Int
        /// By lowercase name.
        let headers: [String: String]
        let body: [UInt8]
    }

    private func curl(_ path: String, of worker: Worker? = nil, _ options: String...) async throws -> Answer {
        let worker = worker ?? self.worker
        let headers = scene.path("headers")
        let ended = try await scene.run(
            .system("curl"),
            ["-sS", "--cacert", scene.certificates.authority, "--path-as-is", "-D", headers] + options
                + [worker.url + path],
            by: .reader
        )
        guard ended.code == 0 else { throw HarnessError("\(ended.command): \(ended.errors)") }
        let lines = String(decoding: try Files.read(headers), as: UTF8.self).split(separator: "\r\n")
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.drop { $0 == " " } }
            if parts.count == 2 { fields[parts[0].lowercased()] = String(parts[1]) }
        }
        let code = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return Answer(code: code ?? 0, headers: fields, body: ended.output)
    }

    private func sha256(_ bytes: [UInt8]) async throws -> String {
        let path = scene.path("to-hash")
        try Files.write(bytes, to: path)
        return String(try await scene.must(.system("sha256sum"), [path], by: .reader).text.prefix(64))
    }

    private func anyDigest() throws -> String {
        try #require(HonestTree(manifest: published.manifest, root: published.root).digests.dropFirst().first)
    }

    // MARK: What it serves

    @Test func `A file whole, and by range`() async throws {
        let whole = try await curl("files/data.bin")
        #expect(whole.code == 200)
        #expect(whole.body == published.bytes)
        #expect(whole.headers["accept-ranges"] == "bytes")
        let size = published.bytes.count
        for (range, expected) in [
            ("0-0", 0...0), ("1000-70000", 1_000...70_000), ("-5", (size - 5)...(size - 1)),
            ("299990-", 299_990...(size - 1)), ("299990-999999999", 299_990...(size - 1)),
        ] {
            let part = try await curl("files/data.bin", "-r", range)
            #expect(part.code == 206, "\(range)")
            #expect(part.body == Array(published.bytes[expected]), "\(range)")
            #expect(
                part.headers["content-range"] == "bytes \(expected.lowerBound)-\(expected.upperBound)/\(size)",
                "\(range)"
            )
        }
        let beyond = try await curl("files/data.bin", "-r", "\(size)-")
        #expect(beyond.code == 416)
        #expect(beyond.headers["content-range"] == "bytes */\(size)")
    }

    @Test(arguments: ["gzip", "deflate", "identity"])
    func `A chunk whose SHA-256 is its name, however encoded`(encoding: String) async throws {
        let digest = try anyDigest()
        let path = "chunks/\(digest.prefix(2))/\(digest)"
        let chunk = try await curl(path, "--compressed", "-H", "Accept-Encoding: \(encoding)")
        #expect(chunk.code == 200)
        #expect(try await sha256(chunk.body) == digest)
        #expect(chunk.headers["content-encoding"] == (encoding == "identity" ? nil : encoding))
        #expect(chunk.headers["cache-control"] == "public, max-age=31536000, immutable")
        let tag = try #require(chunk.headers["etag"])
        #expect(tag.hasPrefix("\""), "the ETag is weak: \(tag)")
        #expect(chunk.headers["repr-digest"]?.contains("sha-256=:") == true)
        let length = try #require(chunk.headers["content-length"].flatMap { Int($0) })
        #expect((length < chunk.body.count) == (encoding != "identity"))
    }

    @Test func `A chunk that is compressed for whoever asks is said to be, and remembered`() async throws {
        let digest = try anyDigest()
        let path = "chunks/\(digest.prefix(2))/\(digest)"
        let first = try await curl(path, "-H", "Accept-Encoding: gzip")
        #expect(first.headers["server-timing"]?.hasPrefix("compress;dur=") == true)
        let second = try await curl(path, "-H", "Accept-Encoding: gzip")
        #expect(second.headers["content-encoding"] == "gzip")
        #expect(second.headers["server-timing"] == nil)
        #expect(second.body == first.body)
    }

    @Test func `A manifest and its signature as they were signed`() async throws {
        let manifest = try await curl("manifests/data.bin.json")
        #expect(manifest.body == (try Files.read(published.manifest)))
        let signature = try await curl("manifests/data.bin.json.minisig")
        #expect(signature.body == (try Files.read(published.manifest + ".minisig")))
    }

    @Test func `A page for people, and a word for load balancers`() async throws {
        let page = try await curl("")
        #expect(page.code == 200)
        #expect(page.headers["content-type"]?.hasPrefix("text/html") == true)
        #expect(String(decoding: page.body, as: UTF8.self).contains("data.bin"))
        #expect(try await curl("healthz").code == 200)
    }

    @Test func `HEAD is GET without the body`() async throws {
        let head = try await curl("files/data.bin", "-I")
        #expect(head.code == 200)
        #expect(head.headers["content-length"] == String(published.bytes.count))
    }

    @Test func `Nothing is sent again that the client has`() async throws {
        let first = try await curl("files/data.bin", "-I")
        let tag = try #require(first.headers["etag"])
        let date = try #require(first.headers["last-modified"])
        #expect(try await curl("files/data.bin", "-H", "If-None-Match: \(tag)").code == 304)
        #expect(try await curl("files/data.bin", "-H", "If-Modified-Since: \(date)").code == 304)
        #expect(try await curl("files/data.bin", "-H", "If-None-Match: \"other\"").code == 200)
        #expect(try await curl("files/data.bin", "-H", "If-Match: \"other\"").code == 412)
        #expect(try await curl("files/data.bin", "-r", "0-9", "-H", "If-Range: \"other\"").code == 200)
        #expect(try await curl("files/data.bin", "-r", "0-9", "-H", "If-Range: \(tag)").code == 206)
    }

    // MARK: What it refuses

    @Test(arguments: ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
    func `Nothing can be written`(method: String) async throws {
        let answer = try await curl("files/data.bin", "-X", method, "-d", "x")
        #expect(answer.code == 405)
        #expect(answer.headers["allow"]?.contains("GET") == true)
        #expect(try Files.hold(published.file, published.bytes))
    }

    @Test(arguments: [
        "files/../secret", "files/%2e%2e/secret", "files/..%2fsecret", "files//etc/passwd", "files/.hidden",
        "files/link", "files/linked/secret", "files/%00", "files/data.bin/", "files/", "files/fifo",
        "manifests/../secret",
        "chunks/aa/../../secret", "chunks/zz/zz", "nothing",
    ])
    func `Nothing outside, hidden or linked is served`(path: String) async throws {
        try Files.write(Array("secret".utf8), to: scene.path("secret"))
        try Files.write(Array("secret".utf8), to: published.root + "/.hidden")
        try await scene.must(.system("ln"), ["-s", "../secret", published.root + "/link"], by: .publisher)
        try await scene.must(.system("ln"), ["-s", "..", published.root + "/linked"], by: .publisher)
        try await scene.must(.system("mkfifo"), [published.root + "/fifo"], by: .publisher)
        let answer = try await curl(path)
        #expect(answer.code == 404 || answer.code == 400)
        #expect(!String(decoding: answer.body, as: UTF8.self).contains("secret"))
    }

    @Test func `TLS 1.1 and a client without TLS are refused`() async throws {
        let old = try await scene.run(
            .system("curl"),
            [
                "-sS", "--cacert", scene.certificates.authority, "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0",
                worker.url,
            ],
            by: .reader
        )
        #expect(old.code == 35)
        let plain = try await scene.run(.system("curl"), ["-sS", "http://127.0.0.1:\(worker.port)/"], by: .reader)
        #expect(plain.code != 0)
        #expect(try await curl("healthz").code == 200)
    }

    @Test func `With --client-ca only a client with its certificate is served`() async throws {
        let strict = try await scene.worker(root: published.root, ["--client-ca", scene.certificates.authority])
        let client = scene.certificates.client("alice")
        let command = ["-sS", "--cacert", scene.certificates.authority, strict.url + "files/data.bin"]
        #expect(try await scene.run(.system("curl"), command, by: .reader).code != 0)
        let known = try await scene.run(
            .system("curl"),
            command + ["--cert", client.certificate, "--key", client.key],
            by: .reader
        )
        #expect(known.output == published.bytes)
        let refused = try await scene.get(published.manifest, to: scene.path("copy"), from: [strict.url])
        try refused.failed(77)
        let accepted = try await scene.get(
            published.manifest,
            to: scene.path("copy"),
            from: [strict.url],
            ["--cert", client.certificate, "--key", client.key]
        )
        _ = try accepted.done()
    }

    // MARK: What changes under it

    @Test func `A manifest that appears is taken up, and one that changes`() async throws {
        try Files.write(noise(70_000), to: published.root + "/new.bin")
        #expect(try await curl("manifests/new.bin.json").code == 404)
        let manifest = try await scene.sign(published.root + "/new.bin", ["--version", "5"])
        try await scene.until(worker, serves: "new.bin.json", asIn: manifest)
        _ = try await scene.sign(published.root + "/new.bin", ["--version", "6"])
        try await scene.until(worker, serves: "new.bin.json", asIn: manifest)
    }

    @Test func `No chunk of a file whose size no longer fits, and the log says so`() async throws {
        let digest = try anyDigest()
        let path = "chunks/\(digest.prefix(2))/\(digest)"
        #expect(try await curl(path).code == 200)
        try Files.write(published.bytes + [0], to: published.file)
        #expect(try await curl(path).code == 404)
        try await worker.program.until("it logs the change") {
            let lines = worker.program.errors.split(separator: "\n")
            return lines.contains { $0.contains("no longer fits") && $0.contains("data.bin") } ? () : nil
        }
    }

    @Test func `A new certificate is taken up on SIGHUP`() async throws {
        let place = scene.path("leaf")
        try Files.makeDirectory(place)
        let certificate = try await scene.certificates.makeServer(in: place, names: "DNS:first.example,IP:127.0.0.1")
        let own = try await scene.worker(root: published.root, certificate: certificate)
        func names() async throws -> String {
            let script =
                "openssl s_client -connect 127.0.0.1:\(own.port) </dev/null 2>/dev/null"
                + " | openssl x509 -noout -ext subjectAltName"
            return try await scene.must(.system("sh"), ["-c", script], by: .reader).text
        }
        #expect(try await names().contains("first.example"))
        _ = try await scene.certificates.makeServer(in: place, names: "DNS:second.example,IP:127.0.0.1")
        own.program.signal(1)
        var tries = 0
        while try await !names().contains("second.example") {
            tries += 1
            try #require(tries < 1_000, "the certificate is not taken up")
        }
    }

    // MARK: How it ends and how it does not start

    @Test func `SIGTERM lets an answer in flight finish, then exits 0`() async throws {
        let root = scene.path("large")
        let bytes = noise(24 << 20)
        try Files.write(bytes, to: root + "/large.bin")
        let worker = try await scene.worker(root: root)
        let output = scene.path("large.copy")
        let slow = try scene.start(
            .system("curl"),
            [
                "-sS", "--cacert", scene.certificates.authority, "--limit-rate", "4M", "-o", output,
                worker.url + "files/large.bin",
            ],
            by: .reader
        )
        try await slow.until("the answer has begun") { Files.exists(output) ? () : nil }
        worker.program.signal(15)
        // Still there for those who ask how it is.
        var health = try await curl("healthz", of: worker)
        while health.code == 200 { health = try await curl("healthz", of: worker) }
        #expect(health.code == 503)
        #expect(health.headers["connection"] == "close")
        let answer = try await slow.wait()
        #expect(answer.code == 0, "\(answer.errors)")
        #expect(try Files.hold(output, bytes))
        #expect(try await worker.program.wait().code == 0)
        #expect(!accepts(port: worker.port))
    }

    @Test func `It says how many answers it cuts when the time for draining is over`() async throws {
        let root = scene.path("large")
        try Files.write(noise(64 << 20), to: root + "/large.bin")
        let worker = try await scene.worker(root: root, ["--drain-timeout", "1"])
        let output = scene.path("large.copy")
        let slow = try scene.start(
            .system("curl"),
            [
                "-sS", "--cacert", scene.certificates.authority, "--limit-rate", "100K", "-o", output,
                worker.url + "files/large.bin",
            ],
            by: .reader
        )
        try await slow.until("the answer has begun") { Files.exists(output) ? () : nil }
        worker.program.signal(15)
        #expect(try await worker.program.wait().errors.contains("connections are cut"))
        #expect(try await slow.wait().code != 0)
    }

    @Test func `A reader of its log that is gone does not keep it from starting`() async throws {
        let arguments = ["--cert", scene.certificates.server, "--root", published.root, "--listen", "127.0.0.1:0"]
        let program = try scene.start(
            .system("bash"),
            ["-c", #"exec 2> >(exec true); wait $!; exec "$0" "$@""#, Program.server.path] + arguments,
            by: .publisher
        )
        let port = try await program.listeningPort()
        #expect(accepts(port: port))
        program.signal(15)
        #expect(try await program.wait().code == 0)
    }

    @Test func `It does not start without a certificate and the key of it`() async throws {
        let place = scene.path("pems")
        try Files.makeDirectory(place)
        try Files.copy(scene.certificates.server, to: place + "/alone.pem")
        try Files.write(Array("no certificate\n".utf8), to: place + "/garbage.pem")
        let other = try await Certificates.ofAnotherAuthority()
        for (arguments, parts) in [
            (["--cert", place + "/absent.pem"], ["absent.pem"]),
            (["--cert", place + "/garbage.pem"], ["garbage.pem"]),
            (["--cert", place + "/alone.pem"], ["key"]),
            (["--cert", place + "/alone.pem", "--key", place + "/absent.key"], ["absent.key"]),
            (["--cert", place + "/alone.pem", "--key", other.serverKey], ["key"]),
        ] {
            let ended = try await start(arguments + ["--root", published.root, "--listen", "127.0.0.1:0"])
            try ended.failed([78], saying: parts)
        }
    }

    @Test func `It does not start without a root, nor where another listens`() async throws {
        let certificate = ["--cert", scene.certificates.server]
        try await start(certificate + ["--root", scene.path("absent"), "--listen", "127.0.0.1:0"])
            .failed(78, saying: "absent")
        try await start(certificate + ["--root", published.file, "--listen", "127.0.0.1:0"]).failed(
            78,
            saying: "data.bin"
        )
        try await start(certificate + ["--root", published.root, "--listen", "127.0.0.1:\(worker.port)"])
            .failed(78, saying: String(worker.port))
        let locked = scene.path("locked")
        try Files.makeDirectory(locked)
        try await scene.must(.system("chmod"), ["0300", locked], by: .publisher)
        let arguments = certificate + ["--root", locked, "--listen", "127.0.0.1:0"]
        try await scene.unprivileged(.server, arguments, by: .publisher).failed(78, saying: "locked")
    }

    @Test func `A wrong command line is a usage error`() async throws {
        #expect(try await start([]).code == 64)
        #expect(try await start(["--cert", scene.certificates.server, "--listen", "nonsense"]).code == 64)
    }

    private func start(_ arguments: [String]) async throws -> Ended {
        try await scene.run(.server, arguments, by: .publisher)
    }
}

extension Scene {
    /// Runs a program that file modes bind, as they do not bind root.
    func unprivileged(_ program: Program, _ arguments: [String], by person: Person) async throws -> Ended {
        let own = try await run(.system("id"), ["-u"], by: person)
        guard own.text.hasPrefix("0\n") else { return try await run(program, arguments, by: person) }
        let drop = ["--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all", program.path]
        return try await run(.system("setpriv"), drop + arguments, by: person)
    }
}
