import TestSupport
import Testing

@Suite("fdl-secure inspect and doctor")
struct InspectTests {
    private let scene: Scene

    init() async throws {
        scene = try await Scene()
    }

    @Test func `inspect says what is signed, by whom, until when, and from where`() async throws {
        try Files.write(noise(300_000), to: scene.path("published/data.bin"))
        let options = ["--expires", "90d", "--source", "https://a.example/", "--chunk-size", "64KiB"]
        let manifest = try await scene.sign(scene.path("published/data.bin"), options)
        let key = try await scene.publisherKey()
        let line = String(decoding: try Files.read(key), as: UTF8.self).split(separator: "\n")[1]
        try await scene.must(.secure, ["trust", "add", key, "--label", "alice"], by: .reader)
        let shown = try await scene.must(.secure, ["inspect", manifest], by: .reader).text
        for part in [
            "name       data.bin\n", "signature  signed by alice (key ", "key        \(line)\n",
            "files      1, 293 KiB (300000 bytes) in 5 chunks of 64 KiB\n", "expires    ",
            "worker     https://a.example/\n",
        ] { #expect(shown.contains(part), "\(part) is not in\n\(shown)") }
        #expect(shown.contains(", in 90 d\n") || shown.contains(", in 89 d 23 h\n"))
        let object = try await scene.must(.secure, ["inspect", manifest, "--json"], by: .reader).text
        #expect(object.hasPrefix(#"{"event":"manifest","name":"data.bin""#) && object.contains(#""expired":false"#))
    }

    @Test(.fakesTheClock)
    func `inspect shows an expired manifest, and that it is, and counts nothing as seen`() async throws {
        try Files.write(noise(1000), to: scene.path("published/data.bin"))
        let key = try await scene.publisherKey().replacingSuffix(".pub", with: ".key")
        let manifest = scene.path("published/data.bin.manifest.json")
        try await scene.must(
            .system("faketime"),
            [
                "-f", "@2026-01-01 00:00:00", "env", "NO_FAKE_STAT=1", "DONT_FAKE_MONOTONIC=1", Program.sign.path,
                "manifest", scene.path("published/data.bin"), "--key", key,
            ]
                + ["--expires", "1d"],
            by: .publisher
        )
        let named = ["--publisher-key", try await scene.publisherKey()]
        let shown = try await scene.must(.secure, ["inspect", manifest] + named, by: .reader).text
        #expect(shown.contains(" ago: EXPIRED"))
        #expect(!Files.exists(scene.home(of: .reader) + "/state"))
        try await scene.run(.secure, ["inspect", manifest], by: .stranger).failed(65)
    }

    @Test func `--probe asks the sources: TLS, the certificate's end, and how much each has`() async throws {
        let published = try await scene.publish(noise(10 << 16), chunkSize: 1 << 16)
        let worker = try await scene.worker(root: published.root)
        let tree = try HonestTree(manifest: published.manifest, root: published.root)
        let half = try await FaultServer.start(certificate: scene.certificates.server) { request, reply in
            let index = tree.digest(of: request).flatMap { tree.digests.firstIndex(of: $0) } ?? 1
            let status = index % 2 == 0 ? "200 OK" : "404 Not Found"
            try await reply.send("HTTP/1.1 \(status)\r\nContent-Length: 65536\r\n\r\n")
        }
        let dead = "https://127.0.0.1:\(try freePort())/"
        let mirror = try await Mirror.start(root: published.root, in: scene)
        let command =
            try await ["inspect", published.manifest, "--probe", "--mirror", mirror.url] + scene.acceptance()
            + [worker.url, half.url, dead].flatMap { ["--server", $0] }
        let text = try await scene.must(.secure, command, by: .reader).text
        #expect(text.contains("TLSv1.3; its certificate ends "))
        #expect(text.contains("has 10 of 10 chunks that it was asked for"))
        #expect(text.contains("has 5 of 10 chunks that it was asked for"))
        #expect(text.contains("has 1 of 1 files that it was asked for"))
        #expect(text.contains("unreachable: Connection refused"))
        #expect(text.contains("connects in ") && text.contains(" ms"))
        // Nothing was fetched.
        #expect(half.requests.allSatisfy { $0.method == "HEAD" })
        let objects = try await scene.must(.secure, command + ["--json"], by: .reader).text
        #expect(objects.count(of: #"{"event":"probe""#) == 4)
        #expect(objects.contains(#""asked":10,"held":5,"redirected":0,"fault":null"#))
    }

    @Test func `doctor finds nothing amiss where nothing is, and each thing that is`() async throws {
        let key = try await scene.publisherKey()
        try await scene.must(.secure, ["trust", "add", key, "--label", "alice"], by: .reader)
        let published = try await scene.publish(noise(1 << 16))
        let worker = try await scene.worker(root: published.root)
        let cacert = ["--cacert", scene.certificates.authority]
        let sound = ["doctor", published.manifest, "--server", worker.url] + cacert
        let good = try await scene.must(.secure, sound, by: .reader).text
        for what in ["library    OpenSSL", "processor", "clock", "descriptors", "publishers alice", "proxy      none"] {
            #expect(good.contains(what), "\(what) is not in\n\(good)")
        }
        #expect(good.contains("ok  source     \(worker.url) has 1 of 1 chunks"))

        // A source that is not there, a proxy that is none, and a trust store that others can write to.
        let dead = "https://127.0.0.1:\(try freePort())/"
        let refused = try await scene.run(.secure, sound + ["--server", dead], by: .reader)
        try refused.failed(69, saying: "source", "Connection refused")
        #expect(refused.text.contains("BAD source     \(dead): unreachable: Connection refused\n    "))
        try await scene.run(.secure, ["doctor", "--proxy", "ftp://x/"], by: .reader).failed(64, saying: "proxy")
        let store = scene.home(of: .reader) + "/config/fdl/trusted"
        try await scene.must(.system("chmod"), ["o+w", store], by: .reader)
        try await scene.run(.secure, ["doctor"], by: .reader).failed(78, saying: "trust store", "others can write")
        try await scene.must(.system("chmod"), ["o-w", store], by: .reader)
        // Nobody is trusted yet: no fault, and said.
        let new = try await scene.must(.secure, ["doctor"], by: .stranger).text
        #expect(new.contains("hm  publishers none is trusted yet"))
        let objects = try await scene.must(.secure, ["doctor", "--json"], by: .stranger).text
        #expect(objects.contains(#""event":"finding","grade":"good","what":"library""#))
    }

    @Test func `doctor shows no secret of a proxy`() async throws {
        let program = try scene.start(
            .secure,
            ["doctor"],
            by: .stranger,
            environment: ["HTTPS_PROXY": "http://me:geheim@127.0.0.1:9/"]
        )
        let ended = try await program.wait()
        #expect(!(ended.text + ended.errors).contains("geheim"))
        #expect(ended.text.contains("from HTTPS_PROXY"))
    }
}
