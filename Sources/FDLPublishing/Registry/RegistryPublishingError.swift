package import FDLCore

/// Why nothing is published into a registry.
package enum RegistryPublishingError: Error, Sendable, Hashable {
    /// What is published cannot be read, or is not what was signed.
    case local(TreeError)
    /// What came of asking the registry.
    case registry(SourceError, Repository)
    /// The tag leads to a higher version.
    case older(version: Int64, there: Int64, Repository)
    case cancelled
}

extension RegistryPublishingError: Explained {
    /// What a person is told.
    package var failure: Failure {
        switch self {
        case .local(let error): error.failure
        case .registry(let error, let repository):
            Failure(error.exitCode, "cannot publish into \(repository): \(error)", hint: Self.hint(error, repository))
        case .older(let version, let there, let repository):
            Failure(
                .usage,
                "version \(version) is older than \(there), which is published in \(repository)",
                hint: "sign it again: readers who have seen \(there) refuse what is older"
            )
        case .cancelled: .interrupted
        }
    }

    private static func context(_ repository: Repository) -> SourceContext {
        var context = SourceContext(.manifest(authority: repository.url.authority))
        context.instead = "publish into another registry"
        return context
    }

    private static func hint(_ error: SourceError, _ repository: Repository) -> String {
        let host = repository.url.host
        return switch error {
        case .forbidden(401), .forbidden(407):
            "give user name and password of somebody who may push for \(host) in a netrc file with --netrc"
        case .forbidden: "ask the registry's operator for the right to push there"
        case .token(.refused(let service)), .token(.service(let service, .forbidden)):
            service.isShownLogin
                ? "check the user name and the password for \(service.url.origin.host), and that they may push"
                : "give user name and password of somebody who may push for \(service.url.origin.host) in a netrc file "
                    + "with --netrc"
        case .token(.address): "ask the registry's operator to have tokens given over https"
        case .token(.noToken), .token(.service(_, .webPage)), .webPage:
            "open https://\(repository.url.authority)/v2/ in a browser: the network may want a login first; if not, ask the "
                + "registry's operator"
        case .token(.service(_, let error)): hint(error, repository)
        case .unreachable, .tls, .proxy:
            error.hint(in: context(repository))
        case .timeout, .closedEarly, .status:
            "run the same command again: what the registry has by now is not sent again"
        case .lacking, .redirects, .led, .protocolViolation, .corrupt, .undecodable:
            "check the address: a registry answers below https://\(repository.url.authority)/v2/"
        }
    }
}
