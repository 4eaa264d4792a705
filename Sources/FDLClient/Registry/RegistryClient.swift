package import FDLCore
package import FDLTLS
import NIOCore
import NIOHTTP1
import Synchronization

/// Requests to a repository that is published into: as many connections as there are requests at a time, each kept for
/// the next, and a token for pushing where the registry wants one.
package final class RegistryClient: RegistryTransport {
    package let repository: Repository
    private let login: RegistryLogin
    private let fields: [SecretField]
    private let dialer: Dialer
    private let context: TLSContext
    private let idle = Mutex<[RegistryConnection]>([])

    /// How often a request is sent: without a token, with one that has expired, with a new one.
    private static let mostAttempts = 3

    /// - Throws: `Failure`: 74 if this machine has too few descriptors, threads or memory, 78 if the TLS settings cannot
    ///   be used.
    package init(_ repository: Repository, tls: TLSClientConfiguration, access: SourceAccess) throws(Failure) {
        let use = SourceContext.Use.manifest(authority: repository.url.authority)
        let group = try EventLoops.group(threads: 1)
        let contexts = try SourceTLS(tls, access, for: use)
        self.repository = repository
        login = RegistryLogin(TokenFetcher(for: repository.url, on: group, contexts, access, pushes: true))
        fields = access.credentials.fields(for: repository.url.origin)
        dialer = Dialer(group: group, timeout: .seconds(15), proxies: access.proxies)
        context = contexts.context(for: repository.url.origin, of: repository.url)
    }

    deinit {
        for connection in idle.withLock({ $0 }) { connection.close() }
    }

    package func send(_ request: RegistryRequest) async throws(SourceError) -> RegistryResponse {
        for _ in 0..<Self.mostAttempts {
            let pass = try await pass()
            let answer: RegistryConnection.Answer
            do throws(SourceError) { answer = try await exchange(head(of: request, pass), request.body) } catch {
                login.leftUnknown()
                throw error
            }
            let fields = answer.head.headers["WWW-Authenticate"]
            guard answer.head.status == .unauthorized,
                let challenge = AuthenticationChallenge.all(in: fields).first(where: { $0.scheme == "bearer" })
            else {
                login.letIn(with: pass)
                return answer.response
            }
            if let error = login.challenged(pass, by: challenge) { throw error }
        }
        // With these tokens other requests may well have been let in.
        throw login.refusal
    }

    /// Waits until a request may go out.
    private func pass() async throws(SourceError) -> RegistryEntry.Pass {
        while true {
            let permit = await withCheckedContinuation { continuation in
                let permit = login.permit { error in
                    continuation.resume(returning: error.map(RegistryEntry.Permit.refused) ?? .wait)
                }
                if permit != .wait { continuation.resume(returning: permit) }
            }
            switch permit {
            case .go(let pass): return pass
            case .ask: return .none
            // What was waited for is there.
            case .wait: continue
            case .refused(let error): throw error
            }
        }
    }

    private func head(of request: RegistryRequest, _ pass: RegistryEntry.Pass) -> HTTPRequestHead {
        var head = HTTPRequestHead(
            version: .http1_1,
            method: HTTPMethod(rawValue: request.method.rawValue),
            uri: request.target.pathAndQuery
        )
        head.headers.add(name: "Host", value: request.target.origin.authority)
        head.headers.add(name: "User-Agent", value: "fdl-sign/\(Product.version)")
        head.headers.add(name: "Accept-Encoding", value: "identity")
        if let type = request.type {
            head.headers.add(name: request.method == .put ? "Content-Type" : "Accept", value: type)
        }
        if request.method == .put || request.method == .post {
            head.headers.add(name: "Content-Length", value: "\(request.body.count)")
        }
        head.headers.show(fields)
        if let token = pass.token { head.headers.show([.bearer(token)]) }
        return head
    }

    /// Sends a request on a connection that is there, or on a new one. A server may close one that is idle just as it is
    /// used again.
    private func exchange(_ head: HTTPRequestHead, _ body: [UInt8]) async throws(SourceError)
        -> RegistryConnection.Answer
    {
        if let connection = idle.withLock({ $0.popLast() }) {
            do throws(SourceError) { return try await exchange(head, body, on: connection) } catch {
                guard case .closedEarly = error else { throw error }
            }
        }
        return try await exchange(head, body, on: try await open())
    }

    private func exchange(
        _ head: HTTPRequestHead,
        _ body: [UInt8],
        on connection: RegistryConnection
    ) async throws(SourceError) -> RegistryConnection.Answer {
        let answer = try await connection.send(head, body)
        if answer.head.isKeepAlive { idle.withLock { $0.append(connection) } } else { connection.close() }
        return answer
    }

    private func open() async throws(SourceError) -> RegistryConnection {
        let (origin, context) = (repository.url.origin, context)
        do {
            let opened = dialer.open(
                origin,
                making: { channel in
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(TLSHandler(client: context, host: origin.host))
                    try pipeline.addHTTPClientHandlers(leftOverBytesStrategy: .dropBytes)
                    let handler = RegistryHandler()
                    try pipeline.addHandler(handler)
                    return handler
                }
            )
            return try await opened.map { RegistryConnection(channel: $0, handler: $1) }.get()
        } catch {
            throw SourceError(connectionError: error)
        }
    }
}
