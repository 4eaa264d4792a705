import FDLCore
import NIOCore

/// Asks token services for the tokens of one repository.
struct TokenFetcher: Sendable {
    private let documents: DocumentFetcher
    private let credentials: Credentials
    private let registry: SourceURL
    private let pushes: Bool

    /// - Parameters:
    ///   - tls: that of the registry.
    ///   - pushes: whether the tokens are to be good for pushing.
    init(
        for registry: SourceURL,
        on group: any EventLoopGroup,
        _ tls: SourceTLS,
        _ access: SourceAccess,
        pushes: Bool = false
    ) {
        self.pushes = pushes
        var access = access
        access.credentials = access.credentials.forTokens(of: registry.origin)
        credentials = access.credentials
        documents = DocumentFetcher(group: group, tls: tls, access: access, timeout: .seconds(30))
        self.registry = registry
    }

    /// The service that a challenge names, and whether it is shown a login.
    func service(_ challenge: AuthenticationChallenge) throws(TokenFault) -> TokenFault.Service {
        let here = TargetURL(origin: registry.origin, pathAndQuery: registry.path)
        let url = try TokenService(challenge, of: here, pushes: pushes).url
        return TokenFault.Service(url: url, isShownLogin: !credentials.fields(for: url.origin).isEmpty)
    }

    func token(of service: TokenFault.Service) async throws(TokenFault) -> SecretText {
        let answer: [UInt8]?
        do throws(SourceError) {
            answer = try await documents.fetch(service.url, of: registry, limit: TokenAnswer.maximumBytes)
        } catch {
            throw .service(service, error)
        }
        guard let answer else { throw .service(service, .lacking) }
        do throws(TokenAnswer.Refusal) { return try TokenAnswer.token(in: answer) } catch {
            throw .noToken(service, reason: error.reason)
        }
    }
}
