extension SourceError: Explained {
    /// The failure if no option but the source's URL was given.
    public var failure: Failure { failure(in: SourceContext()) }

    /// The failure of a command that ends with this error. Its exit code is 77 for TLS or access rules, 65 for wrong
    /// bytes, otherwise 69.
    package func failure(in context: SourceContext) -> Failure {
        Failure(exitCode, description, hint: hint(in: context))
    }

    package var exitCode: ExitCode {
        switch cause {
        case .tls, .forbidden: .tls
        case .proxy(let fault): fault.isFinal ? .tls : .noSource
        case .token(let fault): fault.exitCode
        case .corrupt: .integrity
        case .unreachable, .timeout, .closedEarly, .lacking, .status, .webPage, .redirects, .led, .protocolViolation,
            .undecodable:
            .noSource
        }
    }

    /// What to do about the error.
    package func hint(in context: SourceContext) -> String {
        let elsewhere = context.elsewhere
        return switch self {
        case .unreachable(.noAddress): "check the spelling of the host's name, and this machine's name service (DNS)"
        case .unreachable(.refused): "check host and port, and that the server runs there"
        case .unreachable(.other): "check this machine's network, and that the server is up"
        case .tls(let error): error.hint(in: context)
        case .timeout, .closedEarly, .status: "try again later, or \(elsewhere)\(context.kept)"
        case .lacking:
            switch context.use {
            case .chunks: "add a source that has it with --server or --mirror\(context.kept)"
            case .manifest(let authority): "look at https://\(authority)/ for what it serves"
            }
        case .led(_, let error): error.hint(in: context)
        case .redirects(.plainHTTP), .redirects(.scheme):
            "ask the server's operator to redirect to https only, or \(elsewhere)\(context.kept)"
        case .redirects:
            switch context.use {
            case .chunks: "check the source's URL, or \(elsewhere)\(context.kept)"
            case .manifest: "check the URL, or \(elsewhere)"
            }
        case .protocolViolation:
            switch context.use {
            case .chunks:
                "check that a worker's URL is given with --server, a mirror's with --mirror, and a registry's with --oci"
            case .manifest: "check the URL, or \(elsewhere)"
            }
        case .webPage:
            switch context.use {
            case .chunks:
                "open its URL in a browser: the network may want a login first; if not, check that a worker's URL is given "
                    + "with --server, a mirror's with --mirror, and a registry's with --oci"
            case .manifest(let authority):
                "open https://\(authority)/ in a browser: the network may want a login first; if not, check the URL, or "
                    + elsewhere
            }
        case .corrupt:
            switch context.use {
            case .chunks: "add a source that has the right bytes with --server or --mirror\(context.kept)"
            case .manifest: elsewhere
            }
        case .undecodable:
            switch context.use {
            case .chunks: "ask for plain chunks with --compress never, or \(elsewhere)\(context.kept)"
            case .manifest: elsewhere
            }
        case .forbidden(401) where context.showsLogin:
            "it does not take what --header, --netrc or the URL's query gives: ask its operator, or \(elsewhere)"
        case .forbidden(401): context.use.loginHint
        case .forbidden(407): "a proxy stands in the way and wants a user name and a password: \(elsewhere)"
        case .forbidden where context.showsLogin:
            "ask its operator for access, which --header, --netrc or the URL's query does not give, or \(elsewhere)"
        case .forbidden where context.showsCertificate:
            "ask its operator for access, which the certificate of --cert does not give, or \(elsewhere)"
        case .forbidden: "ask its operator for access; if a client certificate gives it, show one with --cert and --key"
        case .proxy(let fault): fault.hint(in: context)
        case .token(let fault): fault.hint(in: context)
        }
    }
}

extension SourceContext.Use {
    /// What to give a server that wants a login.
    fileprivate var loginHint: String {
        let named =
            switch self {
            case .chunks: "name it with --server, --mirror or --oci and give a token with --header"
            case .manifest: "give a token with --header"
            }
        return "it wants a login: give user name and password for its host in a netrc file with --netrc, or \(named)"
    }
}

extension SourceContext {
    /// The end of a hint: what becomes of chunks that are verified.
    fileprivate var kept: String {
        switch use {
        case .chunks: "; what was verified is kept"
        case .manifest: ""
        }
    }
}
