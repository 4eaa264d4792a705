import FDLCore
import FDLPlan
import FDLTLS
import Testing

@testable import FDLClient

@Suite("What is told of a source: every cause, as every command meets it") struct SourceFailureTests {
    private static let later = "try again later, or add a source with --server or --mirror"
    private static let laterOrFile = "try again later, or name a manifest file on this machine"
    private static let browser =
        "open its URL in a browser: the network may want a login first; if not, check that a worker's URL is given with "
        + "--server, a mirror's with --mirror, and a registry's with --oci"
    private static let browserOfManifest =
        "open https://a.example:8443/ in a browser: the network may want a login first; if not, check the URL, or name a "
        + "manifest file on this machine"
    private static let kept = "; what was verified is kept"
    private static let redirecting = "ask the server's operator to redirect to https only, or "
    private static let toHTTPS = redirecting + "add a source with --server or --mirror" + kept
    private static let toHTTPSOrFile: (Set<Command>, String) = (
        .fetching, redirecting + "name a manifest file on this machine"
    )
    private static let checkURL = "check the source's URL, or add a source with --server or --mirror" + kept
    private static let checkURLOrFile: (Set<Command>, String) = (
        .fetching, "check the URL, or name a manifest file on this machine"
    )
    private static let replace = "the server's operator has to replace the certificate"
    private static let renew =
        "check this machine's clock; if it is right, the server's operator has to renew the certificate"
    private static let name =
        "use the name or address that the certificate was made for, or have the server's operator get one for this"
    private static let showCertificate =
        "show a client certificate that the server's operator has issued, with --cert and --key"
    private static let otherCertificate =
        "ask the server's operator which client certificates it takes: not the one of --cert"
    private static let privateCA = "if the server has a private CA, name that with --cacert, after checking whose it is"
    private static let unknownToBoth =
        "neither this machine nor the manifest knows who issued it: name its private CA with --cacert, after checking "
        + "whose it is"

    private static let secretsNeedMore =
        "a login or a token goes to no server that only the manifest's CA vouches for: name that CA with --cacert, after "
        + "checking whose it is"
    private static let checkProxy =
        "check the proxy's address in --proxy, HTTPS_PROXY or ALL_PROXY; a host that needs none can be named in NO_PROXY"
    private static let orServer = "add a source with --server or --mirror"
    private static let orFile = "name a manifest file on this machine"

    private static let askResponder =
        "ask the certificate's OCSP responder again: openssl ocsp -issuer CHAIN -cert CERT -url URL -respout FILE"

    private static let tls: [SourceRow] = [
        SourceRow("there is no certificate file c.pem", "check the path"),
        SourceRow(
            "there is no private key file c.key",
            "check the path: the key is the file of --key, or stands in the certificate's file, or lies beside it"
        ),
        SourceRow(
            "cannot read c.key: Permission denied",
            "let this program's user read it (chmod, chown or setfacl) and enter the directories above it"
        ),
        SourceRow("cannot read c.pem: it is a directory", "name the file in it that is meant"),
        SourceRow("cannot read c.pem: Input/output error", "check the file and the disk it is on"),
        SourceRow(
            "c.pem is not readable PEM: it holds no certificate",
            "give a PEM file with a certificate (and key), as openssl writes it"
        ),
        SourceRow(
            "the list of trusted authorities is not readable PEM: it holds no certificate",
            "give --cacert a PEM file with the CA's certificate, as openssl writes it",
            (
                .withManifestsAuthority,
                "ask the publisher for a manifest with a certificate that can be read, or name the CA's with --cacert"
            )
        ),
        SourceRow(
            "the private key c.key is encrypted",
            "decrypt it into a file of mode 0600 with: openssl pkey -in KEY -out FILE"
        ),
        SourceRow(
            "the private key c.key belongs to another certificate than c.pem",
            "give the key that the certificate was made for, with --key"
        ),
        SourceRow(
            "the certificate c.pem cannot be used: ee key too small",
            "make a new key and certificate with at least 2048 bits RSA or P-256"
        ),
        SourceRow(
            "the OCSP response c.ocsp cannot be used: it says that the certificate is revoked",
            askResponder
        ),
        SourceRow("the OCSP response c.ocsp is about none of the certificates given", askResponder),
        SourceRow(
            "the certificate revocation list c.crl cannot be used: it holds no list",
            "get the list again from the authority that issues the clients' certificates"
        ),
        SourceRow("a_b..c is neither a host name nor an IP address", "check the spelling of the address"),
        SourceRow(
            "OpenSSL cannot be set up: out of memory",
            "check the installation of OpenSSL (openssl version -a) and its settings (OPENSSL_CONF)"
        ),
        SourceRow("the certificate has expired", renew),
        SourceRow(
            "the certificate is not yet valid",
            "check this machine's clock; if it is right, the server's operator has to take a certificate that is valid now"
        ),
        SourceRow("the certificate is not for the host name a.example", name),
        SourceRow("the certificate is not for the IP address 192.0.2.1", name),
        SourceRow(
            "the certificate is self-signed and not trusted",
            "if the server has made it itself, take the pin of its key from whoever runs it (--pin), or the certificate "
                + "(--cacert)",
            (
                .withAuthority,
                "the file of --cacert lacks this certificate: compare it with what the server's operator says it is"
            ),
            (.withManifestsAuthority, unknownToBoth),
            ([.getWithLoginAndManifestsAuthority], secretsNeedMore)
        ),
        SourceRow(
            "the certificate is signed by an unknown authority",
            privateCA,
            (.withAuthority, "the CA of --cacert is another one: ask the server's operator which is right"),
            (.withManifestsAuthority, unknownToBoth),
            ([.getWithLoginAndManifestsAuthority], secretsNeedMore)
        ),
        SourceRow("the certificate is revoked", replace),
        SourceRow(
            "the certificate's public key \(TLSError.shownPin) is not one of those pinned",
            "ask the server's operator for the pin of its key, and compare it with those of --pin and the manifest",
            (.fetching, "ask the server's operator for the pin of its key, and compare it with those of --pin")
        ),
        SourceRow("the certificate is refused: unsuitable certificate purpose", replace),
        SourceRow(
            "the other side ended the TLS connection: unknown CA",
            showCertificate,
            (.withCertificate, otherCertificate)
        ),
        SourceRow(
            "no TLS version in common: this side speaks TLS 1.2 and 1.3",
            "the server's operator has to allow TLS 1.2 or 1.3"
        ),
        SourceRow(
            "no TLS cipher suite in common",
            "the server's operator has to allow ECDHE with AES-GCM or ChaCha20-Poly1305"
        ),
        SourceRow("a client certificate is required", showCertificate, (.withCertificate, otherCertificate)),
        SourceRow(
            "the client's certificate is for alice, alice.example, and that is not allowed here",
            showCertificate,
            (.withCertificate, otherCertificate)
        ),
        SourceRow("too many TLS handshakes wait for their turn", later, (.fetching, laterOrFile)),
        SourceRow("the other side does not speak TLS", "check host and port, and that TLS is spoken there"),
        SourceRow(
            "the other side broke the TLS protocol: length too short",
            "check host and port; something on the way may answer in the server's place"
        ),
        SourceRow("the connection was closed during the TLS handshake", later, (.fetching, laterOrFile)),
        SourceRow("the TLS handshake took too long", later, (.fetching, laterOrFile)),
        SourceRow(
            "the connection ended without TLS close_notify, so data may be missing",
            later,
            (.fetching, laterOrFile)
        ),
    ]

    private static let http: [(code: ExitCode, row: SourceRow)] = [
        (
            .noSource,
            SourceRow(
                "unreachable: the name a.example has no address",
                "check the spelling of the host's name, and this machine's name service (DNS)"
            )
        ),
        (
            .noSource,
            SourceRow("unreachable: Connection refused", "check host and port, and that the server runs there")
        ),
        (
            .noSource,
            SourceRow("unreachable: No route to host", "check this machine's network, and that the server is up")
        ),
        (.tls, SourceRow("TLS: the certificate has expired", renew)),
        (.noSource, SourceRow("timed out: connecting", later + kept, (.fetching, laterOrFile))),
        (
            .noSource,
            SourceRow("closed early: before the answer was complete", later + kept, (.fetching, laterOrFile))
        ),
        (
            .noSource,
            SourceRow(
                "does not have it",
                "add a source that has it with --server or --mirror" + kept,
                (.fetching, "look at https://a.example:8443/ for what it serves")
            )
        ),
        (.noSource, SourceRow("answered 503", later + kept, (.fetching, laterOrFile))),
        (
            .noSource,
            SourceRow("sent a web page of 60 bytes", browser, (.fetching, browserOfManifest))
        ),
        (
            .noSource,
            SourceRow("sent a web page", browser, (.fetching, browserOfManifest))
        ),
        (.noSource, SourceRow("redirects to http, which is not encrypted and not followed", toHTTPS, toHTTPSOrFile)),
        (.noSource, SourceRow("redirects to ftp:, which is not followed", toHTTPS, toHTTPSOrFile)),
        (
            .noSource,
            SourceRow(
                "redirects to an address that cannot be used: it has a user name or password",
                checkURL,
                checkURLOrFile
            )
        ),
        (.noSource, SourceRow("redirects without saying where to", checkURL, checkURLOrFile)),
        (.noSource, SourceRow("redirects in a circle", checkURL, checkURLOrFile)),
        (.noSource, SourceRow("redirects more than 5 times in a row", checkURL, checkURLOrFile)),
        (.noSource, SourceRow("answered 300, which leads nowhere", checkURL, checkURLOrFile)),
        (
            .noSource,
            SourceRow("led to https://b.example:8443/store/x: answered 503", later + kept, (.fetching, laterOrFile))
        ),
        (
            .noSource,
            SourceRow(
                "broke the protocol: answered 400",
                "check that a worker's URL is given with --server, a mirror's with --mirror, and a registry's with --oci",
                (.fetching, "check the URL, or name a manifest file on this machine")
            )
        ),
        (
            .integrity,
            SourceRow(
                "sent bytes whose SHA-256 is not the manifest's",
                "add a source that has the right bytes with --server or --mirror" + kept,
                (.fetching, "name a manifest file on this machine")
            )
        ),
        (
            .noSource,
            SourceRow(
                "sent compressed data that does not decode: it is cut off",
                "ask for plain chunks with --compress never, or add a source with --server or --mirror" + kept,
                (.fetching, "name a manifest file on this machine")
            )
        ),
        (
            .tls,
            SourceRow(
                "refused access (401)",
                "it wants a login: give user name and password for its host in a netrc file with --netrc, or name it with "
                    + "--server, --mirror or --oci and give a token with --header",
                (
                    .fetching,
                    "it wants a login: give user name and password for its host in a netrc file with --netrc, or give a "
                        + "token with --header"
                ),
                (
                    .withLogin,
                    "it does not take what --header, --netrc or the URL's query gives: ask its operator, or \(orServer)"
                ),
                (
                    [.fetchWithLogin],
                    "it does not take what --header, --netrc or the URL's query gives: ask its operator, or \(orFile)"
                )
            )
        ),
        (
            .tls,
            SourceRow(
                "refused access (403)",
                "ask its operator for access; if a client certificate gives it, show one with --cert and --key",
                (
                    [.getWithCertificate],
                    "ask its operator for access, which the certificate of --cert does not give, or add a source with "
                        + "--server or --mirror"
                ),
                (
                    [.fetchWithCertificate],
                    "ask its operator for access, which the certificate of --cert does not give, or name a manifest file "
                        + "on this machine"
                ),
                (
                    [.getWithLogin, .getWithLoginAndManifestsAuthority],
                    "ask its operator for access, which --header, --netrc or the URL's query does not give, or add a "
                        + "source with --server or --mirror"
                ),
                (
                    [.fetchWithLogin],
                    "ask its operator for access, which --header, --netrc or the URL's query does not give, or name a "
                        + "manifest file on this machine"
                )
            )
        ),
        (
            .tls,
            SourceRow(
                "refused access (407)",
                "a proxy stands in the way and wants a user name and a password: add a source with --server or "
                    + "--mirror",
                (
                    .fetching,
                    "a proxy stands in the way and wants a user name and a password: name a manifest file on this machine"
                )
            )
        ),
    ]

    private static let proxies: [(code: ExitCode, row: SourceRow)] = [
        (.noSource, SourceRow("the name of the proxy p.example:3128 has no address", checkProxy)),
        (.noSource, SourceRow("the proxy p.example:3128 cannot be reached: Connection refused", checkProxy)),
        (.noSource, SourceRow("the proxy p.example:3128 cannot be reached: No route to host", checkProxy)),
        (.noSource, SourceRow("the proxy p.example:3128 does not answer", checkProxy)),
        (.noSource, SourceRow("the proxy p.example:3128 closed the connection without an answer", checkProxy)),
        (
            .tls,
            SourceRow(
                "the proxy p.example:3128 wants a login",
                "put USER:PASSWORD@ before the proxy's host in HTTPS_PROXY, or in --proxy, which other users of this "
                    + "machine can see"
            )
        ),
        (
            .tls,
            SourceRow(
                "the proxy p.example:3128 does not take the login given",
                "check user name and password before the proxy's host; in them % is written %25, @ %40, : %3A and / %2F"
            )
        ),
        (
            .tls,
            SourceRow(
                "the proxy p.example:3128 wants a login",
                "no login can be given to a SOCKS proxy: use a proxy of http://, or \(orServer)",
                (.fetching, "no login can be given to a SOCKS proxy: use a proxy of http://, or \(orFile)")
            )
        ),
        (
            .tls,
            SourceRow(
                "the proxy p.example:3128 does not let this through",
                "ask whoever runs the proxy to let this host and port through, or \(orServer)",
                (.fetching, "ask whoever runs the proxy to let this host and port through, or \(orFile)")
            )
        ),
        (
            .noSource,
            SourceRow(
                "the proxy p.example:3128 cannot reach it: it answered 503",
                "check host and port, and whether the proxy may reach them, or \(orServer)",
                (.fetching, "check host and port, and whether the proxy may reach them, or \(orFile)")
            )
        ),
        (.noSource, SourceRow("the proxy p.example:3128 answered 400", checkProxy)),
        (.noSource, SourceRow("p.example:3128 does not answer as a proxy: not SOCKS 5", checkProxy)),
    ]

    private static let loginAtService =
        "it wants a login: give user name and password for auth.example in a netrc file with --netrc, and name the registry "
        + "with --oci"
    private static let browserOfService =
        "open https://auth.example/ in a browser: the network may want a login first; if not, ask the registry's operator, "
        + "or "
    private static let tokens: [(code: ExitCode, row: SourceRow)] = [
        (
            .noSource,
            SourceRow(
                "wants a token from an http address, which is not encrypted and not asked",
                "ask the registry's operator to have tokens given over https, or \(orServer)",
                (.fetching, "ask the registry's operator to have tokens given over https, or \(orFile)")
            )
        ),
        (
            .noSource,
            SourceRow(
                "wants a token, and names no address of https for it",
                "ask the registry's operator to have tokens given over https, or \(orServer)",
                (.fetching, "ask the registry's operator to have tokens given over https, or \(orFile)")
            )
        ),
        (.tls, SourceRow("no token from https://auth.example/token: refused access (401)", loginAtService)),
        (
            .tls,
            SourceRow(
                "no token from https://auth.example/token: refused access (403)",
                "check the user name and the password for auth.example, and that they may read the repository"
            )
        ),
        (
            .noSource,
            SourceRow(
                "no token from https://auth.example/token: answered 503",
                later + kept,
                (.fetching, laterOrFile)
            )
        ),
        (.tls, SourceRow("no token from https://auth.example/token: TLS: the certificate has expired", renew)),
        (
            .noSource,
            SourceRow(
                "no token from https://auth.example/token: sent a web page of 60 bytes",
                browserOfService + orServer,
                (.fetching, browserOfService + orFile)
            )
        ),
        (
            .noSource,
            SourceRow(
                "no token from https://auth.example/token: its answer has none",
                browserOfService + orServer,
                (.fetching, browserOfService + orFile)
            )
        ),
        (.tls, SourceRow("does not take the token of https://auth.example/token", loginAtService)),
        (
            .tls,
            SourceRow(
                "does not take the token of https://auth.example/token",
                "ask the registry's operator whether the login for auth.example may read the repository, or \(orServer)",
                (
                    .fetching,
                    "ask the registry's operator whether the login for auth.example may read the repository, or \(orFile)"
                )
            )
        ),
    ]

    @Test(arguments: Command.allCases) func `TLS`(command: Command) {
        #expect(Self.tls.count == TLSError.all.count)
        for (error, row) in zip(TLSError.all, Self.tls) {
            let code = error.isConfiguration ? ExitCode.configuration : .tls
            let hint = row.hint(for: command)
            #expect(Told(error.failure(in: command.context)) == Told(code, row.message, hint))
            // As a source's error it is the same value, and has the same hint.
            let source = SourceError.tls(error)
            #expect(Told(source.failure(in: command.context)) == Told(.tls, "TLS: " + row.message, hint))
        }
    }

    @Test(arguments: Command.allCases) func `Connections and answers`(command: Command) {
        let rows = Self.http + Self.proxies + Self.tokens
        #expect(rows.count == SourceError.all.count)
        for (error, (code, row)) in zip(SourceError.all, rows) {
            #expect(Told(error.failure(in: command.context)) == Told(code, row.message, row.hint(for: command)))
        }
    }

    @Test(
        arguments: [
            (40, showCertificate, otherCertificate), (42, showCertificate, otherCertificate),
            (43, showCertificate, otherCertificate), (44, showCertificate, otherCertificate),
            (45, showCertificate, otherCertificate), (46, showCertificate, otherCertificate),
            (48, showCertificate, otherCertificate), (49, showCertificate, otherCertificate),
            (116, showCertificate, otherCertificate),
            (
                70, "the server's operator has to allow TLS 1.2 or 1.3",
                "the server's operator has to allow TLS 1.2 or 1.3"
            ),
            (
                112, "check the host's name: the server does not know it",
                "check the host's name: the server does not know it"
            ),
            (
                80, "ask the server's operator what its log says of it, or add a source with --server or --mirror",
                "ask the server's operator what its log says of it, or add a source with --server or --mirror"
            ),
        ] as [(UInt8, String, String)]
    )
    func `Alerts, without and with a client certificate`(code: UInt8, without: String, with: String) {
        let error = TLSError.peerAlert(TLSAlert(code: code))
        #expect(error.hint(in: Command.get.context) == without)
        #expect(error.hint(in: Command.getWithCertificate.context) == with)
    }

    // MARK: Whole downloads and manifests

    @Test func `A manifest: the hint is the cause's, and so is the code`() throws {
        let url = try SourceURL("https://a.example:8443/manifests/")
        for cause in SourceError.all {
            let error = ManifestFetchError(
                cause: cause,
                url: url,
                path: "/manifests/n.json",
                context: Command.fetch.context
            )
            let own = cause.failure(in: Command.fetch.context)
            let message =
                cause == .lacking
                ? "a.example:8443 has no /manifests/n.json"
                : "cannot fetch the manifest from a.example:8443: \(own.message)"
            #expect(error.failure == Failure(own.exitCode, message, hint: own.hint))
        }
    }

    private func exhausted(_ causes: (SourceError?, SourceState)...) throws -> Failure {
        let sources = try causes.indices.map {
            Manifest.Source(kind: .worker, url: try SourceURL("https://\($0).example/"))
        }
        var reports = SourceLedger(kinds: sources.map(\.kind)).reports
        for (index, (error, state)) in causes.enumerated() {
            reports[index].lastError = error
            reports[index].state = state
            reports[index].corrupt = error == .corrupt ? 1 : 0
        }
        let cause = DownloadFailure(chunksMissing: 2, firstChunkMissing: 1, reports: reports)
        let contexts = sources.map { _ in Command.get.context }
        return ExhaustedDownload(cause: cause, sources: sources, contexts: contexts).failure
    }

    @Test func `One source: the download's hint is that cause's, whatever the code`() throws {
        for cause in SourceError.all {
            for state in [SourceState.unusable, .quarantined, .givenUp, .active] {
                let failure = try exhausted((cause, state))
                let count = cause == .corrupt ? " (1 wrong)" : ""
                #expect(
                    failure.message
                        == "no source can give 2 chunks, the first of them number 1: https://0.example/: \(cause)\(count)"
                )
                #expect(failure.hint == cause.hint(in: Command.get.context))
            }
        }
    }

    @Test func `What several sources have in common is told once`() throws {
        let silent = SourceError.timeout("connecting")
        let failure = try exhausted((silent, .givenUp), (.corrupt, .quarantined), (silent, .givenUp))
        #expect(
            failure.message.hasSuffix(
                "number 1: https://0.example/, https://2.example/: \(silent); https://1.example/: \(SourceError.corrupt) "
                    + "(1 wrong)"
            )
        )
    }

    @Test func `Fragments: the servers that would have the chunks are named`() throws {
        let sources = try (0..<3).map {
            Manifest.Source(kind: .worker, url: try SourceURL("https://\($0).example/"))
        }
        var reports = SourceLedger(kinds: sources.map(\.kind)).reports
        for index in reports.indices { reports[index].lastError = index == 1 ? .lacking : .timeout("connecting") }
        let cause = DownloadFailure(chunksMissing: 5, firstChunkMissing: 4, reports: reports, holders: [5, 0, 3])
        let contexts = sources.map { _ in Command.get.context }
        let message = ExhaustedDownload(cause: cause, sources: sources, contexts: contexts).failure.message
        #expect(
            message.hasPrefix(
                "no source can give 5 chunks, the first of them number 4, which belong to https://0.example/ (5), "
                    + "https://2.example/ (3): https://0.example/, https://2.example/: "
            )
        )
        // Addresses of one source.
        #expect(cause.folded(by: [0, 0, 1]).holders == [5, 3])
    }

    @Test func `Several causes: the hint is of one that is told, and says of which`() throws {
        let mixed = try exhausted((.lacking, .active), (.tls(.certificateExpired), .unusable), (nil, .untried))
        #expect(mixed.exitCode == .noSource)
        #expect(mixed.hint == "https://1.example/: \(Self.renew)")
        let refused = try exhausted((.forbidden(403), .unusable), (.tls(.notTLS), .unusable))
        #expect(refused.exitCode == .tls)
        #expect(refused.hint == "https://1.example/: check host and port, and that TLS is spoken there")
        let mismatch = SourceError.tls(.hostNameMismatch("0.example"))
        let two = try exhausted((mismatch, .unusable), (.tls(.certificateExpired), .unusable))
        #expect(two.hint == "https://0.example/: \(Self.name)")
        let same = try exhausted((.timeout("connecting"), .givenUp), (.status(503, retryAfter: nil), .givenUp))
        #expect(same.hint == Self.later + Self.kept)
        #expect(try exhausted((nil, .untried)).hint == Self.later + Self.kept)
    }

    @Test func `What had been given is what the client was configured with`() {
        func context(_ configuration: TLSClientConfiguration) -> SourceContext {
            SourceContext(.chunks, configuration)
        }
        #expect(context(TLSClientConfiguration()) == Command.get.context)
        #expect(context(TLSClientConfiguration(trustRoots: .pem([]))) == Command.getWithAuthority.context)
        #expect(
            context(TLSClientConfiguration(trustRoots: .systemAnd(pem: [])))
                == Command.getWithManifestsAuthority.context
        )
        #expect(context(TLSClientConfiguration(certificateChainPath: "c")) == Command.getWithCertificate.context)
    }
}
