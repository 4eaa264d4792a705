import TestSupport
import Testing

@Suite("From the field: secrets in messages")
struct SecretFieldTests {
    /// Each is given a URL with a password, or with a token in its query.
    enum Command: CaseIterable, Sendable {
        case manifest, server, mirror, source, signedMirror

        func arguments(_ url: String, file: String) -> (Program, [String]) {
            switch self {
            case .manifest: (.secure, ["get", url + "x.json", "-o", file + ".out"])
            case .server: (.secure, ["get", file, "-o", file + ".out", "--server", url])
            case .mirror: (.secure, ["get", file, "-o", file + ".out", "--mirror", url])
            case .source: (.sign, ["manifest", file, "--source", url])
            case .signedMirror: (.sign, ["manifest", file, "--mirror", url])
            }
        }
    }

    @Test(
        arguments: Command.allCases,
        ["https://me:hunter2@127.0.0.1:1/", "https://hunter2@127.0.0.1:1/", "https://127.0.0.1:1/?token=hunter2&x="]
    )
    func `A password in a URL stands in the log`(command: Command, url: String) async throws {
        let scene = try await Scene()
        let file = scene.path("data")
        try Files.write(noise(1_000), to: file)
        for json in [[], ["--json"]] {
            let (program, arguments) = command.arguments(url, file: file)
            if case .sign = program, !json.isEmpty { continue }
            let ended = try await scene.run(program, arguments + json, by: .reader)
            #expect(ended.code != 0)
            #expect(!ended.errors.contains("hunter2"), "\(ended.errors)")
            #expect(!ended.text.contains("hunter2"), "\(ended.text)")
        }
    }
}
