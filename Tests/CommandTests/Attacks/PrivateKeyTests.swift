import Glibc
import TestSupport
import Testing

@Suite("Attack: private keys below the root")
struct PrivateKeyTests {
    private let scene: Scene
    private let published: Published

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(prose(100_000), chunkSize: 65_536)
    }

    private func openssl(_ arguments: String...) async throws {
        try await scene.must(.system("openssl"), arguments, by: .publisher)
    }

    @Test func `are not served, are warned of, and the rest of the folder is served`() async throws {
        let root = published.root
        try await openssl("genpkey", "-algorithm", "ed25519", "-out", root + "/backup.pem")
        try await openssl("genrsa", "-traditional", "-out", root + "/privkey.pem", "2048")
        try await openssl("pkey", "-in", root + "/privkey.pem", "-outform", "DER", "-out", root + "/key.der")
        try await openssl(
            "pkcs12",
            "-export",
            "-passout",
            "pass:x",
            "-in",
            scene.certificates.server,
            "-inkey",
            scene.certificates.serverKey,
            "-out",
            root + "/bundle.p12"
        )
        try await scene.must(
            .system("sh"),
            [
                "-c", #"cp "$0" "$2/server.key~"; cat "$1" "$0" > "$2/combined.txt""#, scene.certificates.serverKey,
                scene.certificates.server, root,
            ],
            by: .publisher
        )
        let worker = try await scene.worker(root: root)
        let onlooker = Onlooker(scene: scene, worker: worker, published: published)
        let names = ["backup.pem", "privkey.pem", "key.der", "bundle.p12", "server.key~", "combined.txt"]
        for name in names {
            #expect(try await onlooker.status("files/" + name) == 404, "\(name)")
            try await worker.program.says("path=\(name)")
        }
        // One that appears later.
        try await openssl("genpkey", "-algorithm", "x25519", "-out", root + "/late.txt")
        try await worker.program.says("path=late.txt")
        #expect(try await onlooker.status("files/late.txt") == 404)
        // What is public is served: the certificate.
        try await scene.must(.system("cp"), [scene.certificates.server, root + "/cert.pem"], by: .publisher)
        #expect(try await onlooker.status("files/cert.pem") == 200)
        try await onlooker.fetches("beside the keys")
    }

    @Test func `The worker's own key is never served, though it is renewed or signed`() async throws {
        let root = published.root
        let pair = root + "/tls.pem"
        try await scene.must(
            .system("sh"),
            ["-c", #"cat "$0" "$1" > "$2""#, scene.certificates.server, scene.certificates.serverKey, pair],
            by: .publisher
        )
        _ = try await scene.sign(pair)
        let worker = try await scene.worker(root: root, certificate: pair)
        let onlooker = Onlooker(scene: scene, worker: worker, published: published)
        #expect(try await onlooker.status("files/tls.pem") == 404)
        // Renewed by rename, and nobody has sent SIGHUP yet.
        try await scene.must(.system("sh"), ["-c", #"cp "$0" "$0.new" && mv "$0.new" "$0""#, pair], by: .publisher)
        #expect(try await onlooker.status("files/tls.pem") == 404)
        try await worker.program.says("path=tls.pem")
    }

    @Test func `One that a signed manifest lists is served, and who signs it is warned`() async throws {
        let key = published.root + "/demo.key"
        try await openssl("genpkey", "-algorithm", "ed25519", "-out", key)
        let arguments = [
            "manifest", key, "--key", try await scene.publisherKey().replacingSuffix(".pub", with: ".key"),
        ]
        let signed = try await scene.must(.sign, arguments, by: .publisher)
        #expect(signed.errors.contains("demo.key\" is a private key"), "\(signed.errors)")
        #expect(signed.errors.ranges(of: "is a private key").count == 1)
        let worker = try await scene.worker(root: published.root)
        let onlooker = Onlooker(scene: scene, worker: worker, published: published)
        #expect(try await onlooker.status("files/demo.key") == 200)
        let manifest = key + ".manifest.json"
        _ = try await scene.get(manifest, to: scene.path("copy"), from: [worker.url]).done()
        // Once its signature is gone, it is a key like any other.
        #expect(unlink(manifest + ".minisig") == 0)
        try await worker.program.says("does not belong there")
        #expect(try await onlooker.status("files/demo.key") == 404)
    }
}
