import TestSupport
import Testing

/// Messages go to logs.
@Suite("Secrets in URLs")
struct SecretTests {
    private static let urls = [
        "https://me:hunter2@127.0.0.1:1/", "https://127.0.0.1:1/x?token=hunter2", "https://me:hun/hunter2@127.0.0.1/",
        "https://me:hunter2@[::1/", "https:/me:hunter2@127.0.0.1/", "me:hunter2@127.0.0.1",
        "htps://me:hunter2@h/x.json",
        "https://me:a hunter2@127.0.0.1/", "http://me:hunter2@h/", "https://me:x?hunter2@h/", "https://h/#hunter2",
    ]

    @Test(arguments: urls)
    func `No message shows one, whatever is wrong with the URL and wherever it stands`(url: String) async throws {
        let scene = try await Scene()
        let published = try await scene.publish(noise(1000))
        let key = try await scene.publisherKey()
        let accept = ["--publisher-key", key, "-o", scene.path("copy")]
        let commands: [(Program, [String])] = [
            (.secure, ["get", url]), (.secure, ["get", url, "--json"]), (.secure, ["verify", url]),
            (.secure, ["get", published.manifest, "--server", url] + accept),
            (.secure, ["get", published.manifest, "--mirror", url, "--json"] + accept),
            (.secure, ["get", published.manifest, "--cacert", url] + accept),
            (.secure, ["get", published.manifest, "--pin", url] + accept),
            (.secure, ["get", published.manifest, "--publisher-key", url]),
            (.secure, ["get", published.manifest, "--connections", url]),
            (.secure, ["get", published.manifest, "--connections=" + url, "--json"]),
            (.secure, ["get", published.manifest, url, url]), (.secure, ["get", "--sever=" + url]),
            (.secure, [url]), (.secure, ["trust", "add", url]), (.secure, ["trust", "remove", url]),
            (.secure, ["trust", "add", key, "--label", url]),
            (.sign, ["manifest", published.file, "--source", url]), (.sign, ["manifest", url]),
            (.sign, ["manifest", published.file, "--mirror", url]),
            (.sign, ["manifest", published.file, "--key", url]),
            (.sign, ["verify", url]), (.sign, ["manifest", published.file, "--name", url]), (.sign, [url]),
            (.server, ["--cert", url]), (.server, ["--cert", "c", "--listen", url]),
            (.server, ["--cert", scene.certificates.server, "--root", url]), (.server, [url]),
        ]
        for (program, arguments) in commands {
            let ended = try await scene.run(program, arguments, by: .reader)
            #expect(ended.code != 0, "\(arguments)")
            #expect(!(ended.errors + ended.text).contains("hunter2"), "\(arguments): \(ended.errors)\(ended.text)")
        }
    }

    @Test func `A worker's log has no query`() async throws {
        let scene = try await Scene()
        let published = try await scene.publish(noise(1000))
        let worker = try await scene.worker(root: published.root, ["--log-level", "debug"])
        let command = ["-s", "--cacert", scene.certificates.authority, worker.url + "files/none?token=hunter2"]
        try await scene.must(.system("curl"), command, by: .reader)
        try await worker.program.says("GET /files/none 404")
        #expect(!worker.program.errors.contains("hunter2"))
    }
}
