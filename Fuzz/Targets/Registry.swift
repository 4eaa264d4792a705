import FDLCore

@testable import FDLClient

/// The challenge of a registry in the first line, the answer of the service that it names in the others.
@Sendable func fuzzToken(_ bytes: UnsafeRawBufferPointer) {
    let end = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
    let field = String(decoding: bytes[..<end], as: UTF8.self)
    let registry = TargetURL(origin: Origin(host: "a.example", port: 443), pathAndQuery: "/v2/a/")
    for challenge in AuthenticationChallenge.all(in: [field]) {
        guard let service = try? TokenService(challenge, of: registry, pushes: true) else { continue }
        let target = service.url.pathAndQuery
        let isVisible = target.utf8.allSatisfy { (0x21...0x7e).contains($0) }
        precondition(isVisible && target.hasPrefix("/"), "not fit for a request line: \(target)")
    }
    let answer = Array(bytes[end...].dropFirst())
    if let token = try? TokenAnswer.token(in: answer) {
        let isVisible = token.revealed.utf8.allSatisfy { (0x21...0x7e).contains($0) }
        precondition(isVisible && !token.revealed.isEmpty, "not fit for a header field")
    }
}
