import FDLCore
import FDLCrypto
import TestSupport
import Testing

@Suite("Publisher statements")
struct StatementTests {
    private let scene: Scene
    private let publisher: Publisher

    init() async throws {
        scene = try await Scene()
        publisher = try Publisher(scene)
    }

    private func publisherCommand(_ verb: String, _ arguments: [String] = [], keys: [String]) async throws -> Ended {
        try await publisher.sign(["publisher", verb, publisher.statements] + arguments + publisher.keys(keys))
    }

    private func update(_ options: String...) async throws -> Ended {
        try await scene.run(.secure, ["trust", "update", "--from", publisher.statements] + options, by: .reader)
    }

    @Test func `A reader pins the first statement and follows the next ones by itself`() async throws {
        let fingerprint = try await publisher.makeStatement()
        let worker = try await scene.worker(root: publisher.root)
        try await publisher.publish(noise(1_000))
        _ = try await publisher.pin(fingerprint).succeeded()
        _ = try await publisher.get(worker.url).succeeded()
        // A key is added, and signs from now on alone.
        _ = try await publisherCommand("add-key", [publisher.pub("b")], keys: ["a", "b"]).succeeded()
        try await publisher.publish(noise(1_000, seed: 2), keys: ["b"])
        _ = try await publisher.get(worker.url).succeeded()
        let listed = try await scene.run(.secure, ["trust", "list"], by: .reader).succeeded()
        #expect(listed.text.contains("statement 2 of acme") && listed.text.contains(fingerprint))
        // The first one is removed: it counts for nothing, here or on the disk.
        let old = try await publisher.publish(noise(1_000, seed: 3), keys: ["a"])
        _ = try await publisher.get(worker.url).succeeded()
        _ = try await publisherCommand("remove-key", [publisher.id("a")], keys: ["b"]).succeeded()
        let id = try await publisher.id("a")
        try await publisher.get(worker.url).failed(65, saying: id, "acme has removed")
        let local = try await publisher.verify(old).failed([65], saying: [id, "acme has removed"])
        #expect(local.hint.contains("fdl-sign cosign"))
        // What is to stay is signed with a key of today.
        _ = try await publisher.sign(["cosign", old] + publisher.keys(["b"])).succeeded()
        _ = try await publisher.verify(old).succeeded()
        _ = try await publisher.get(worker.url).succeeded()
    }

    @Test func `Two of three keys sign, and one alone is refused`() async throws {
        let others = ["--with", try await publisher.pub("b"), "--with", try await publisher.pub("c")]
        let first = try await publisher.makeStatement(["--threshold", "2"] + others, keys: ["a"])
        // It takes a second key, elsewhere.
        #expect(first.isEmpty && !Files.exists(publisher.statements + "/1.json"))
        let signed = try await publisherCommand("sign", keys: ["b"]).succeeded()
        let line = try #require(signed.text.split(separator: "\n").first { $0.hasPrefix("fingerprint ") })
        #expect(try Files.list(publisher.statements).count == 3)
        _ = try await publisher.pin(String(line.dropFirst("fingerprint ".count))).succeeded()
        let worker = try await scene.worker(root: publisher.root)
        let manifest = try await publisher.publish(noise(1_000), keys: ["a"])
        let refused = try await publisher.get(worker.url).failed(
            [65],
            saying: ["1 of the keys of acme has signed", "takes 2"]
        )
        #expect(refused.hint.contains("cosign"))
        try await publisher.verify(manifest).failed(65, saying: "takes 2")
        _ = try await publisher.sign(["cosign", manifest] + publisher.keys(["c"])).succeeded()
        _ = try await publisher.get(worker.url).succeeded()
        _ = try await publisher.verify(manifest).succeeded()
        // The keys of a statement have no threshold of their own.
        let key = try await publisher.pub("a")
        try await scene.must(.secure, ["trust", "add", key, "--label", "alone"], by: .reader)
        try Files.remove("\(manifest).\(try await publisher.id("c")).minisig")
        try await publisher.verify(manifest).failed(65, saying: "takes 2")
        try await publisher.verify(manifest, ["--publisher-key", key]).failed(65, saying: "takes 2")
        try await publisher.verify(manifest, ["--publisher", "alone"]).failed(65, saying: "")
    }

    @Test func `A key that was laid aside keeps what it signed`() async throws {
        let fingerprint = try await publisher.makeStatement(["--with", publisher.pub("b")])
        _ = try await publisher.pin(fingerprint).succeeded()
        try await publisher.publish(noise(1_000), version: "5")
        let old = scene.path("old.json")
        for suffix in ["", ".minisig"] {
            try Files.copy(publisher.root + "/tool.bin.manifest.json\(suffix)", to: old + suffix)
        }
        let other = publisher.root + "/other.bin"
        try Files.write(noise(100), to: other)
        let sign = ["manifest", other, "--name", "other", "--version", "6"]
        _ = try await publisher.sign(sign + publisher.keys(["b"])).succeeded()
        let arguments = [try await publisher.pub("a"), "--retired", "--manifests", publisher.root]
        let retired = try await publisherCommand("remove-key", arguments, keys: ["a", "b"]).succeeded()
        #expect(retired.text.contains("tool: valid up to version 5"))
        // What others have signed is no business of that key's.
        #expect(!retired.text.contains("other:"))
        try await publisherCommand("remove-key", [publisher.pub("b"), "--retired"], keys: ["b"])
            .failed(64, saying: "--manifests")
        _ = try await update().succeeded()
        _ = try await publisher.verify(old).succeeded()
        // It signs nothing new, whatever version it takes.
        try Files.remove(publisher.root + "/tool.bin.manifest.json")
        let new = try await publisher.publish(noise(1_000), version: "6")
        let refused = try await publisher.verify(new).failed([65], saying: ["uses no longer"])
        #expect(refused.hint.contains("cosign"))
    }

    @Test func `A thief's last number locks nobody out once the key is removed`() async throws {
        let fingerprint = try await publisher.makeStatement(["--with", publisher.pub("b")])
        _ = try await publisher.pin(fingerprint).succeeded()
        let manifest = try await publisher.publish(noise(1_000), keys: ["a"], version: "5")
        _ = try await publisher.verify(manifest).succeeded()
        // The thief has b, and signs the highest version there is.
        let highest = "\(Manifest.allowedVersions.upperBound)"
        try await publisher.sign(
            ["manifest", publisher.root + "/tool.bin", "--name", "tool", "--version", highest, "--ahead"]
                + publisher.keys(["b"])
        ).succeeded()
        _ = try await publisher.verify(manifest).succeeded()
        try Files.remove(manifest)
        try await publisher.publish(noise(1_000), keys: ["a"], version: "6")
        try await publisher.verify(manifest).failed(65, saying: "older than version \(highest)")
        _ = try await publisherCommand("remove-key", [publisher.id("b")], keys: ["a"]).succeeded()
        _ = try await update().succeeded()
        _ = try await publisher.verify(manifest).succeeded()
        // What the others have signed is still remembered.
        try Files.remove(manifest)
        try await publisher.publish(noise(1_000), keys: ["a"], version: "5")
        try await publisher.verify(manifest).failed(65, saying: "older than version 6")
    }

    @Test func `A publisher known by its key goes over to statements, and its names with it`() async throws {
        let key = try await publisher.pub("a")
        try await scene.must(.secure, ["trust", "add", key, "--label", "maker"], by: .reader)
        let manifest = try await publisher.publish(noise(1_000), version: "7")
        _ = try await publisher.verify(manifest).succeeded()
        _ = try await publisher.pin(try await publisher.makeStatement()).succeeded()
        _ = try await publisher.verify(manifest).succeeded()
        try Files.remove(manifest)
        try await publisher.publish(noise(1_000), version: "6")
        try await publisher.verify(manifest).failed(65, saying: "older than version 7")
    }

    // MARK: Pinning

    @Test func `A statement is accepted by its fingerprint, asked for or given`() async throws {
        let fingerprint = try await publisher.makeStatement()
        let wrong = String(fingerprint.reversed())
        try await publisher.pin(wrong).failed(65, saying: fingerprint, wrong)
        let file = publisher.statements + "/1.json"
        let unasked = try await scene.run(.secure, ["trust", "add", file], by: .reader)
            .failed([64], saying: [fingerprint, "nobody can be asked"])
        #expect(unasked.hint.contains("--fingerprint"))
        #expect(!Files.exists(scene.home(of: .reader) + "/config/fdl/trusted"))
        // On a terminal it is asked.
        for (answer, code) in [("no", 64), ("yes", 0)] as [(String, Int32)] {
            let line = "printf '\(answer)\\n' | script -qec \"\(Program.secure.path) trust add \(file)\" /dev/null"
            let asked = try await scene.run(.system("sh"), ["-c", line], by: .reader)
            #expect(asked.code == code, "\(asked.text)\(asked.errors)")
            #expect(asked.text.contains("fingerprint \(fingerprint)") && asked.text.contains("[yes/no]"))
        }
        _ = try await publisher.pin(fingerprint).succeeded()
        let twice = ["trust", "add", file, "--fingerprint", fingerprint, "--label", "other"]
        try await scene.run(.secure, twice, by: .reader).failed(64, saying: "accepted as \"acme\" already")
        let removed = try await scene.run(.secure, ["trust", "remove", "acme"], by: .reader).succeeded()
        #expect(removed.text.contains("removed acme: the publisher statement"))
    }

    @Test func `A statement can be had from a worker, by its address`() async throws {
        let fingerprint = try await publisher.makeStatement()
        let worker = try await scene.worker(root: publisher.root)
        let add = ["trust", "add", worker.url + "publishers/acme/1.json", "--fingerprint", fingerprint]
        _ = try await scene.run(.secure, add + ["--cacert", scene.certificates.authority], by: .reader).succeeded()
        _ = try await publisherCommand("sign", ["--expires", "1y"], keys: ["a"]).succeeded()
        let update = ["trust", "update", "--server", worker.url, "--cacert", scene.certificates.authority]
        let updated = try await scene.run(.secure, update, by: .reader).succeeded()
        #expect(updated.text.contains("acme: statement 2 is 1 later"))
        #expect(try await scene.run(.secure, update, by: .reader).succeeded().text.contains("statement 2 is the last"))
        let absent = ["trust", "add", worker.url + "publishers/acme/9.json", "--cacert", scene.certificates.authority]
        try await scene.run(.secure, absent, by: .reader).failed(69, saying: "has no /publishers/acme/9.json")
    }

    // MARK: What is refused

    @Test func `A next statement that does not hold is refused, saying why`() async throws {
        let fingerprint = try await publisher.makeStatement(["--with", publisher.pub("b"), "--threshold", "1"])
        _ = try await publisher.pin(fingerprint).succeeded()
        let second = publisher.statements + "/2.json"
        func expectRefused(_ parts: String...) async throws {
            let ended = try await update()
            try ended.failed([65], saying: parts)
            for file in try Files.list(publisher.statements) where file.hasPrefix("2.") {
                try Files.remove(publisher.statements + "/" + file)
            }
        }
        func forge(_ change: (String) -> String, signedBy names: [String]) async throws {
            let first = String(decoding: try Files.read(publisher.statements + "/1.json"), as: UTF8.self)
            try Files.write(Array(change(first.replacing("\"version\": 1", with: "\"version\": 2")).utf8), to: second)
            for (index, name) in names.enumerated() {
                let key = try SecretKey(pem: Files.read(try await publisher.key(name)))
                let signature = try MinisignSignature(signing: Files.read(second), with: key, trustedComment: "")
                let suffix = index == 0 ? "" : ".\(key.publicKey.id)"
                try Files.write(signature.encoded, to: second + suffix + ".minisig")
            }
        }
        try await forge({ $0 }, signedBy: [])
        try await expectRefused("version 2 is signed by 0 of the keys of the one before", "takes 1")
        try await forge({ $0 }, signedBy: ["thief"])
        try await expectRefused("signed by 0 of the keys of the one before")
        let keys = [try await publisher.pub("c"), try await publisher.pub("d")].map { path in
            (try? PublicKey(minisign: String(decoding: Files.read(path), as: UTF8.self)).minisignLine) ?? ""
        }
        let others =
            "\"keys\": [{\"key\": \"\(keys[0])\", \"roles\": [\"sign\"]}, {\"key\": \"\(keys[1])\", \"roles\": [\"sign\"]}], \"x\": ["
        try await forge({ $0.replacing("\"keys\": [", with: others) }, signedBy: ["a"])
        try await expectRefused("signed by 0 of its own keys", "takes 1")
        try await forge(
            { $0.replacing("\"keys\": [", with: others).replacing("\"threshold\": 1", with: "\"threshold\": 2") },
            signedBy: ["a", "c"]
        )
        try await expectRefused("signed by 1 of its own keys", "takes 2")
        try await forge({ $0.replacing("\"version\": 2", with: "\"version\": 3") }, signedBy: ["a"])
        try await expectRefused("version 3, and 1 is the one before")
        try await forge({ $0.replacing("\"version\": 2", with: "\"version\": 1") }, signedBy: ["a"])
        try await expectRefused("version 1, and 1 has been seen")
        try await forge({ $0.replacing("\"threshold\": 1", with: "\"threshold\": 3") }, signedBy: ["a"])
        try await expectRefused("takes 3 signatures and names 2 keys")
        try await forge({ $0.replacing("\"threshold\": 1", with: "\"threshold\": 0") }, signedBy: ["a"])
        try await expectRefused("takes 0 signatures")
        try await forge({ $0.replacing("\"name\": \"acme\"", with: "\"name\": \"emca\"") }, signedBy: ["a"])
        try await expectRefused("that of emca, not of acme")
        let line = try PublicKey(minisign: String(decoding: Files.read(try await publisher.pub("a")), as: UTF8.self))
            .minisignLine
        let twice = "\"keys\": [{\"key\": \"\(line)\", \"roles\": [\"sign\"]}, "
        try await forge({ $0.replacing("\"keys\": [", with: twice) }, signedBy: ["a"])
        try await expectRefused("names the key", "twice")
        try await forge({ $0.replacing("fdl-publisher-v1", with: "fdl-publisher-v2") }, signedBy: ["a"])
        try await expectRefused("fdl-publisher-v2")
        try await forge({ $0.replacing("\"threshold\"", with: "\"threshold\": 1, \"threshold\"") }, signedBy: ["a"])
        try await expectRefused("\"threshold\" twice")
        try await forge({ _ in "nonsense" }, signedBy: ["a"])
        try await expectRefused("not JSON")
        _ = try await update().succeeded()
    }

    @Test(.fakesTheClock)
    func `A statement that has expired is refused, and a clock that is wrong is pointed out`() async throws {
        let fingerprint = try await publisher.makeStatement(["--expires", "30d"])
        let manifest = try await publisher.publish(noise(1_000))
        _ = try await publisher.pin(fingerprint).succeeded()
        _ = try await publisher.verify(manifest).succeeded()
        let ended = try await publisher.verify(manifest, at: "+31d").failed(
            [65],
            saying: ["statement of version 1 expired"]
        )
        #expect(ended.hint.contains("trust update") && ended.hint.contains("clock"))
        try await publisher.pin(fingerprint, by: .stranger, at: "+31d").failed(65, saying: "expired")
        // The next one brings the publisher back. Its own date counts, not that of the one before.
        _ = try await publisher.sign(
            ["publisher", "sign", publisher.statements, "--expires", "90d"] + publisher.keys(["a"])
        ).succeeded()
        _ = try await update().succeeded()
        _ = try await publisher.verify(manifest, at: "+31d").succeeded()
    }

    @Test func `What is kept of the statements is damaged: named, and nothing is accepted by it`() async throws {
        let fingerprint = try await publisher.makeStatement()
        let manifest = try await publisher.publish(noise(1_000))
        _ = try await publisher.pin(fingerprint).succeeded()
        _ = try await publisherCommand("sign", ["--expires", "1y"], keys: ["a"]).succeeded()
        _ = try await update().succeeded()
        let kept = scene.home(of: .reader) + "/state/fdl/publishers/\(fingerprint)/2.json"
        try Files.patch(kept, at: 40, with: [0x21])
        try await publisher.verify(manifest).failed(78, saying: "statements is damaged", kept)
    }

    @Test func `What a publisher cannot do is told`() async throws {
        _ = try await publisher.makeStatement()
        try await publisher.sign(["publisher", "init", "acme", "-o", publisher.statements] + publisher.keys(["a"]))
            .failed(73, saying: "already")
        try await publisherCommand("sign", keys: ["a"]).failed(64, saying: "waits for a signature")
        try await publisherCommand("sign", ["--threshold", "2"], keys: ["a"]).failed(78, saying: "takes 2 signatures")
        try await publisherCommand("remove-key", [publisher.id("b")], keys: ["a"]).failed(64, saying: "names no key")
        try await publisherCommand("remove-key", [publisher.id("a")], keys: ["a"]).failed(78, saying: "names 0 keys")
        try await publisherCommand("add-key", [publisher.pub("b")], keys: ["c"]).failed(78, saying: "does not sign")
        try await publisherCommand("sign", ["--maximum-age", "7d"], keys: ["a"]).failed(78, saying: "no key for it")
        let nowhere = ["publisher", "sign", scene.path("none"), "--expires", "1y"]
        try await publisher.sign(nowhere + publisher.keys(["a"])).failed(64, saying: "no publisher statement")
        #expect(try Files.list(publisher.statements) == ["1.json", "1.json.minisig"])
    }

    @Test func `Who lies about statements keeps nobody from downloading who has another source`() async throws {
        let fingerprint = try await publisher.makeStatement()
        try await publisher.publish(noise(1_000))
        _ = try await publisher.pin(fingerprint).succeeded()
        let worker = try await scene.worker(root: publisher.root)
        let liar = try await FaultServer.start(certificate: scene.certificates.server) { request, reply in
            let isStatement = request.target.hasPrefix("/publishers/")
            try await reply.send(status: isStatement ? "200 OK" : "404 Not Found", body: Array("{}".utf8))
        }
        let ended = try await publisher.get(worker.url, ["--server", liar.url]).succeeded()
        #expect(ended.errors.contains("warning") && ended.errors.contains("publisher statement"), "\(ended.errors)")
    }
}
