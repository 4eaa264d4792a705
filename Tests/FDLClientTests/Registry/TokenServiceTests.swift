import FDLCore
import Testing

@testable import FDLClient

@Suite("Where a token is asked for, and what is taken for one") struct TokenServiceTests {
    private let registry = TargetURL(origin: Origin(host: "r.example", port: 443), pathAndQuery: "/v2/a/")

    private func url(_ parameters: String) throws -> (origin: String, pathAndQuery: String) {
        let challenge = try #require(AuthenticationChallenge.all(in: ["Bearer " + parameters]).first)
        let url = try TokenService(challenge, of: registry).url
        return ("\(url.origin)", url.pathAndQuery)
    }

    @Test func `Service and scope go into the query`() throws {
        let usual = try url(
            "realm=\"https://auth.example:5001/token\",service=\"r.example\",scope=\"repository:a/b:pull\""
        )
        #expect(usual.origin == "https://auth.example:5001")
        #expect(usual.pathAndQuery == "/token?service=r.example&scope=repository%3Aa%2Fb%3Apull")
        let several = try url("realm=\"https://auth.example/t?x=1\",scope=\"a:b:pull c&d\",service=\"Ü \"")
        #expect(several.pathAndQuery == "/t?x=1&service=%C3%9C%20&scope=a%3Ab%3Apull&scope=c%26d")
        #expect(try url("realm=\"https://auth.example\"").pathAndQuery == "/")
    }

    @Test func `Who publishes asks for a token that is good for it`() throws {
        let fields = ["Bearer realm=\"https://auth.example/t\",scope=\"repository:a/b:pull registry:catalog:*\""]
        let challenge = try #require(AuthenticationChallenge.all(in: fields).first)
        let url = try TokenService(challenge, of: registry, pushes: true).url
        #expect(url.pathAndQuery == "/t?scope=repository%3Aa%2Fb%3Apull%2Cpush&scope=registry%3Acatalog%3A%2A")
    }

    @Test(
        arguments: [
            ("realm=\"http://auth.example/token\"", true), ("realm=\"ftp://auth.example/\"", false),
            ("realm=\"/token\"", false), ("service=a", false), ("realm=\"https://me:x@auth.example/\"", false),
            ("realm=\"https:///token\"", false), ("realm=\"https://auth.example/\\\\\"", false),
        ]
    )
    func `An address that is not asked`(parameters: String, isPlainHTTP: Bool) {
        #expect(throws: TokenFault.address(isPlainHTTP: isPlainHTTP)) { try url(parameters) }
    }

    private func token(_ text: String) throws -> String { try TokenAnswer.token(in: Array(text.utf8)).revealed }

    @Test func `Either name, and whatever else`() throws {
        #expect(try token("{\"token\": \"abc.d\"}") == "abc.d")
        #expect(try token(" {\"expires_in\": 60, \"access_token\": \"x\", \"scope\": null}\n") == "x")
        #expect(try token("{\"access_token\": \"x\", \"token\": \"y\"}") == "y")
    }

    @Test(
        arguments: [
            "", "null", "[]", "\"token\"", "{\"token\": 1}", "{\"token\": \"a\", \"token\": \"b\"}",
            "{\"token\": \"a\"} x", "{\"token\": \"a\"", "{}", "{\"token\": \"\"}", "{\"token\": null}",
            "{\"token\": \"a b\"}", "{\"token\": \"a\\r\\nX: y\"}", "{\"token\": \"é\"}",
            "{\"token\": \"" + String(repeating: "a", count: 16 << 10) + "a\"}",
        ]
    )
    func `What is no token`(text: String) {
        #expect(throws: TokenAnswer.Refusal.self) { try token(text) }
    }

    @Test func `A fault of the service passes where one of the kind does`() {
        let service = TokenFault.Service(url: registry, isShownLogin: false)
        let passing: [SourceError] = [
            .unreachable(.refused), .timeout("x"), .closedEarly("x"), .status(503, retryAfter: .seconds(7)),
            .led(to: registry, .status(503, retryAfter: .seconds(7))),
        ]
        for error in passing { #expect(!TokenFault.service(service, error).isFinal, "\(error)") }
        for error in [SourceError.forbidden(401), .forbidden(403), .tls(.selfSigned), .lacking, .webPage(bytes: 1)] {
            #expect(TokenFault.service(service, error).isFinal, "\(error)")
        }
        #expect(TokenFault.service(service, passing[4]).retryAfter == .seconds(7))
        #expect(TokenFault.service(service, .lacking).retryAfter == nil)
    }
}
