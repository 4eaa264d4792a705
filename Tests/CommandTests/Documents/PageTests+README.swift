import TestSupport
import Testing

extension PageTests {
    /// The world that README.md speaks of: a worker whose certificate readers' systems know, a mirror, somebody
    /// else's server, and a publisher who has signed.
    func readme(_ run: PageRun) async throws {
        let key = try await scene.publisherKey()
        let root = scene.path("world")
        let bytes = noise(3 << 20)
        try Files.write(bytes, to: root + "/big.iso")
        try Files.write(Array("{}\n".utf8), to: root + "/data")
        for name in ["one.flac", "two.flac", "cover.jpg"] {
            try Files.write(noise(50_000), to: "\(root)/album/\(name)")
        }
        try Files.write(noise(10_000), to: root + "/packed/inside")
        try await scene.must(.system("tar"), ["cf", "backup.tar", "packed"], by: .publisher, in: root)
        for name in ["big.iso", "data", "album", "backup.tar"] { _ = try await scene.sign("\(root)/\(name)") }
        let names = ["worker", "files", "mirror", "elsewhere"].map { "DNS:\($0).example" }.joined(separator: ",")
        let certificate = try await scene.certificates.makeServer(in: scene.path("named"), names: names)
        let worker = try await scene.worker(root: root, certificate: certificate)
        // They serve the file itself, where the page says that it is.
        for (host, folder) in [("mirror.example", "plain/pub"), ("elsewhere.example", "plain")] {
            try Files.write(bytes, to: scene.path(folder) + "/big.iso")
            let plain = try await Nginx.start(
                in: scene,
                server: """
                    root \(scene.path("plain")); ssl_certificate \(certificate);
                    ssl_certificate_key \(certificate.replacingSuffix(".pem", with: ".key"));
                    """
            )
            try run.proxy.lead(host, to: plain.port)
        }
        try await tried(run)

        try run.become(.reader)
        try run.proxy.lead("worker.example", to: worker.port)
        try Files.copy(key, to: run.here("publisher.pub"))
        try await run.run(until: "fdl-sign manifest")
        #expect(try Files.hold(run.here("big.iso"), bytes))
        #expect(Files.exists(run.here("packed/inside")) && Files.exists(run.here("data")))
        #expect(try Files.list(run.here("album")) == ["one.flac", "two.flac"])

        try run.become(.publisher)
        try run.put(bytes, at: "pub/big.iso")
        try run.put(Files.read(certificate), at: "server.pem")
        try run.put(Files.read(certificate.replacingSuffix(".pem", with: ".key")), at: "server.key")
        try await scene.must(.system("cp"), ["-r", Program.sources + "/tools", run.place], by: .publisher)
        try await run.run(until: "fdl-secure get big.iso.manifest.json --mirror")

        // The reader gets what was signed just now, by the publisher's own key.
        let signed = run.here("pub/big.iso.manifest.json")
        let own = scene.home(of: .publisher) + "/config/fdl/publisher.pub"
        try run.become(.reader, in: scene.path("place of another"))
        try await scene.must(.secure, ["trust", "add", own, "--label", "bob"], by: .reader)
        try await scene.must(.secure, ["trust", "forget", "big.iso"], by: .reader)
        for end in ["", ".minisig"] { try Files.copy(signed + end, to: run.here("big.iso.manifest.json" + end)) }
    }

    /// All of it on one machine, at ports of the system's choice.
    private func tried(_ run: PageRun) async throws {
        let home = scene.home(of: .publisher)
        run.replacements = [
            "200M": "4M", "~/.local/state/": home + "/state/", "~/.config/": home + "/config/",
            " --listen 127.0.0.1:9443": "", " --listen 127.0.0.1:9444": "",
        ]
        try await run.run(until: "head -c")
        for (port, worker) in zip([9443, 9444], run.servers) {
            run.replacements["https://127.0.0.1:\(port)/"] = worker.url
        }
        try await run.run(until: "fdl-secure trust add publisher.pub")
        #expect(try Files.hold(run.here("copy.iso"), Files.read(run.here("pub/big.iso"))))
        for worker in run.servers { _ = try await worker.stop() }
    }
}
