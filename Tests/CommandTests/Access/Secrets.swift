import FoundationEssentials
import TestSupport

/// Texts that only one origin may see.
enum Secrets {
    static let field = "hunter2-field"
    static let query = "hunter2-query"
    static let user = "hunter2-user"
    static let password = "hunter2-password"
    static let proxy = "hunter2-proxy"

    /// How a login stands in a head.
    static let basic = Data("\(user):\(password)".utf8).base64EncodedString()
    /// Each of them, plain and as it goes over a connection.
    static let all = ["hunter2", basic, Data("me:\(proxy)".utf8).base64EncodedString()]

    /// The head fields, and the query, of all requests together.
    static func wire(_ server: FaultServer) -> String {
        server.requests.map { request in
            ([request.target] + request.headers.map { "\($0.key): \($0.value)" }).joined(separator: "\n")
        }.joined(separator: "\n")
    }

    /// Where in all that a program has written one of them stands.
    /// - Parameter place: a directory with all files that the program may have written.
    static func found(in ended: Ended, and place: String) throws -> [String] {
        var found: [String] = []
        for secret in all {
            if ended.errors.contains(secret) { found.append("standard error: \(ended.errors)") }
            if ended.text.contains(secret) { found.append("standard output: \(ended.text)") }
        }
        for name in try FileManager.default.subpathsOfDirectory(atPath: place) {
            guard let bytes = FileManager.default.contents(atPath: "\(place)/\(name)") else { continue }
            for secret in all where name.contains(secret) || !bytes.ranges(of: Data(secret.utf8)).isEmpty {
                found.append(name)
            }
        }
        return found
    }
}

extension HonestTree {
    /// Answers as it should be done, whatever the query.
    func answerAnyQuery(_ request: FaultServer.Request, _ reply: FaultServer.Reply) async throws {
        let path = String(request.target.prefix { $0 != "?" })
        try await answer(.init(method: request.method, target: path, headers: request.headers), reply)
    }
}
