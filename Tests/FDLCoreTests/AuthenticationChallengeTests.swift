import Testing

@testable import FDLCore

@Suite("What a 401 says it wants") struct AuthenticationChallengeTests {
    private func all(_ fields: String...) -> [AuthenticationChallenge] { AuthenticationChallenge.all(in: fields) }

    private func challenge(_ scheme: String, _ parameters: [String: String] = [:]) -> AuthenticationChallenge {
        AuthenticationChallenge(scheme: scheme, parameters: parameters)
    }

    @Test func `A registry's, as they are sent`() {
        let field = """
            Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push"
            """
        #expect(
            all(field) == [
                challenge(
                    "bearer",
                    [
                        "realm": "https://auth.example/token", "service": "registry.example",
                        "scope": "repository:a/b:pull,push",
                    ]
                )
            ]
        )
        #expect(all("Basic realm=\"basic-realm\"") == [challenge("basic", ["realm": "basic-realm"])])
    }

    @Test func `Several, in one field or in many`() {
        let expected = [
            challenge("negotiate"), challenge("newauth", ["realm": "apps", "type": "1", "title": "Login to \"apps\""]),
            challenge("basic", ["realm": "simple"]),
        ]
        #expect(
            all("Negotiate, Newauth realm=\"apps\", type=1,\ttitle=\"Login to \\\"apps\\\"\", Basic realm=\"simple\"")
                == expected
        )
        #expect(
            all("Negotiate", "NEWAUTH Realm = apps , ,type=1, title=\"Login to \\\"apps\\\"\"", "Basic realm=simple")
                == expected
        )
        #expect(
            all("Negotiate YII+/x==, Basic realm=a") == [challenge("negotiate"), challenge("basic", ["realm": "a"])]
        )
    }

    @Test func `What is none is passed over`() {
        #expect(all().isEmpty)
        #expect(all("", ",,", " , ", "=", "\"x\"").isEmpty)
        #expect(all("Bearer realm=\"cut off") == [challenge("bearer")])
        #expect(all("Bearer realm=\"a\\") == [challenge("bearer")])
        #expect(all("Bearer realm=a, realm=b") == [challenge("bearer", ["realm": "a"])])
        #expect(all("Bearer", "=", "Basic realm=b") == [challenge("bearer"), challenge("basic", ["realm": "b"])])
    }

    /// Whatever a server sends, it comes to an end.
    @Test func `Any bytes`() {
        var generator = SystemRandomNumberGenerator()
        let signs = Array("Bearer realm=\"a\\\", \t=/;é".unicodeScalars)
        for _ in 0..<2_000 {
            let count = Int.random(in: 0...40, using: &generator)
            let scalars = (0..<count).map { _ in signs.randomElement(using: &generator)! }
            _ = all(String(String.UnicodeScalarView(scalars)))
        }
    }
}
