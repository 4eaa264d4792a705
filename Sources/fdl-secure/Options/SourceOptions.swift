import ArgumentParser
import FDLClient
import FDLCore
import FDLSystem
import FDLTLS

/// The sources of the bytes, and how TLS tells that they are the right ones.
struct SourceOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A worker, besides those the manifest names.", valueName: "url"))
    var server: [String] = []

    @Option(help: ArgumentHelp("An https URL that serves the files themselves.", valueName: "url"))
    var mirror: [String] = []

    @Option(
        help: ArgumentHelp(
            "A repository of an OCI registry that has the chunks as blobs, https://HOST/v2/NAME/.",
            valueName: "url"
        )
    )
    var oci: [String] = []

    @Option(
        help: ArgumentHelp(
            "Certificates to trust instead of the system's and the manifest's, PEM: of a CA, or a server's own.",
            valueName: "ca"
        ),
        completion: .file()
    )
    var cacert: String?

    @Option(
        help: ArgumentHelp(
            "The public key of a server named here, sha256//BASE64, or of another with ORIGIN= before it. It stands for "
                + "the certificate's chain, name and dates.",
            valueName: "pin"
        )
    )
    var pin: [String] = []

    @Option(
        help: ArgumentHelp("A client certificate for sources that want one, PEM.", valueName: "cert"),
        completion: .file()
    )
    var cert: String?

    @Option(help: ArgumentHelp("The client certificate's key, PEM.", valueName: "key"), completion: .file())
    var key: String?

    func validate() throws {
        if key != nil, cert == nil { throw ValidationError("--key needs --cert") }
    }

    /// The sources named here.
    private func named() throws(Failure) -> [Manifest.Source] {
        var sources: [Manifest.Source] = []
        for text in server { sources.append(Manifest.Source(kind: .worker, url: try url(text, "--server"))) }
        for text in mirror { sources.append(Manifest.Source(kind: .mirror, url: try url(text, "--mirror"))) }
        for text in oci { sources.append(Manifest.Source(kind: .oci, url: try repository(text).url)) }
        return sources
    }

    /// The trees named here.
    func trees() throws(Failure) -> [SourceURL] {
        try named().compactMap { $0.kind == .worker ? $0.url : nil }
    }

    /// The sources named here, then those of the manifest, each once. Of two that differ only in the query, the first.
    func all(of manifest: Manifest, fetchedFrom worker: SourceURL?) throws(Failure) -> [Manifest.Source] {
        var sources: [Manifest.Source] = []
        let fetchedFrom = worker.map { [Manifest.Source(kind: .worker, url: $0)] } ?? []
        for source in try named() + fetchedFrom + manifest.sources {
            let isThere = sources.contains { $0.kind == source.kind && $0.url.isSameSource(as: source.url) }
            if !isThere { sources.append(source) }
        }
        return sources
    }

    /// Proxies, and what sources are shown: those named here, and the server of the manifest's URL.
    func access(_ options: AccessOptions, manifests: [String]) throws(Failure) -> SourceAccess {
        let named = try named()
        let origins = Set(named.map(\.url.origin) + manifests.compactMap(ManifestFetch.origin))
        let registries = Set(named.filter { $0.kind == .oci }.map(\.url.origin))
        var access = try options.access(to: origins, registries: registries)
        // What looks like an address and is none has its own error.
        let isServerMeant = manifests.contains { $0.contains("://") }
        for text in pin { try add(text, of: origins, isServerMeant: isServerMeant, to: &access) }
        return access
    }

    /// A pin is for the origin before its `=`, or else for all origins that the command line names.
    private func add(
        _ text: String,
        of named: Set<Origin>,
        isServerMeant: Bool,
        to access: inout SourceAccess
    ) throws(Failure) {
        let mark = text.firstRange(of: "=sha256//")
        let key = mark.map { text[text.index(after: $0.lowerBound)...] } ?? text[...]
        guard let pin = PublicKeyPin(String(key)) else {
            throw Failure(
                .usage,
                "\(shownArgument(text)) is not a pin",
                hint: "a pin looks like sha256//BASE64, as curl takes it, or ORIGIN=sha256//BASE64"
            )
        }
        var origins = named
        if let mark {
            let origin = text[..<mark.lowerBound]
            origins = [try url(origin.contains("://") ? String(origin) : "https://\(origin)", "--pin").origin]
        }
        guard !origins.isEmpty || isServerMeant else {
            throw Failure(
                .usage,
                "--pin without ORIGIN= is for the servers on the command line, and none is named",
                hint: "say whose key it is: --pin https://HOST:PORT=sha256//BASE64"
            )
        }
        for origin in origins { access.pins[origin, default: []].append(pin) }
    }

    /// Whom to trust: the authorities given here; else the system's and the one the manifest names. Pins of both count.
    /// - Parameter manifest: nil before there is one.
    func tls(of manifest: Manifest?) throws(Failure) -> TLSClientConfiguration {
        var configuration = TLSClientConfiguration()
        if let cacert {
            configuration.trustRoots = .pem(
                try explaining(for: .settings) { () throws(SystemError) in
                    try WholeFile.read(cacert, limit: 16 << 20)
                }
            )
        } else if let authority = manifest?.trust?.certificateAuthority {
            configuration.trustRoots = .systemAnd(pem: Array(authority.utf8))
        }
        // A manifest with a malformed pin has been refused.
        configuration.pins = (manifest?.trust?.pins ?? []).compactMap { PublicKeyPin($0) }
        configuration.certificateChainPath = cert
        configuration.privateKeyPath = key
        return configuration
    }

    private func repository(_ text: String) throws(Failure) -> Repository {
        do throws(RepositoryError) { return try Repository(text, allowingQuery: true) } catch {
            throw Failure(
                .usage,
                "--oci \(shownURL(text)) cannot be a repository: \(error)",
                hint: error == .url(.userinfo)
                    ? "put user name and password into a netrc file, and give it with --netrc"
                    : "a repository looks like https://HOST/v2/NAME/ or oci://HOST/NAME"
            )
        }
    }

    private func url(_ text: String, _ option: String) throws(Failure) -> SourceURL {
        do throws(SourceURLError) { return try SourceURL(text, allowingQuery: true) } catch {
            throw Failure(
                .usage,
                "\(option) \(shownURL(text)) cannot be a source: \(error)",
                hint: error == .userinfo
                    ? "put user name and password into a netrc file, and give it with --netrc"
                    : "a source looks like https://HOST:PORT/"
            )
        }
    }
}
