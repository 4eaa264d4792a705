import ArgumentParser
import FDLClient
import FDLCommand
import FDLCore
import FDLPublishing
import FDLSystem
import FDLTLS
import FDLTrust

/// How `publish` gets into a registry.
struct RegistryOptions: ParsableArguments {
    @Flag(help: "Take a login for a registry, or for its token service, from ~/.netrc.")
    var netrc = false

    @Option(help: ArgumentHelp("Take logins from this file instead of ~/.netrc.", valueName: "file"))
    var netrcFile: String?

    @Option(help: ArgumentHelp("Certificates to know a registry by instead of the system's, PEM.", valueName: "ca"))
    var cacert: String?

    @Option(
        help: ArgumentHelp(
            "A proxy, http:// or socks5h://, instead of that of HTTPS_PROXY or ALL_PROXY; empty for none.",
            valueName: "url"
        )
    )
    var proxy: String?

    func checkUnused() throws {
        guard !netrc, netrcFile == nil, cacert == nil, proxy == nil else {
            throw ValidationError("--netrc, --netrc-file, --cacert and --proxy are for a registry, not for directories")
        }
    }

    /// Whether an argument is a registry's rather than a directory.
    static func isRegistry(_ text: String) -> Bool {
        text.lowercased().hasPrefix("oci://") || text.lowercased().hasPrefix("https://")
    }

    static func repository(_ text: String) throws(Failure) -> Repository {
        do throws(RepositoryError) { return try Repository(text) } catch {
            throw Failure(
                .usage,
                "\(shownURL(text)) cannot be a repository: \(error)",
                hint: "a repository looks like oci://HOST/NAME"
            )
        }
    }

    func client(of repository: Repository) throws(Failure) -> RegistryClient {
        var tls = TLSClientConfiguration()
        if let cacert {
            tls.trustRoots = .pem(
                try explaining(for: .settings) { () throws(SystemError) in try WholeFile.read(cacert, limit: 16 << 20) }
            )
        }
        let origin = repository.url.origin
        let proxies = try ProxySettings.asked(proxy)
        let access = SourceAccess(
            credentials: Credentials(
                named: [origin],
                registries: [origin],
                netrc: try .asked(file: netrcFile, atHome: netrc)
            ),
            proxies: proxies
        )
        return try RegistryClient(repository, tls: tls, access: access)
    }
}

/// `publish` into a registry.
struct RegistryPush {
    let options: RegistryOptions
    let manifestPath: String
    let from: String?

    func run(_ bytes: SignedBytes, _ manifest: Manifest, into target: String) async throws {
        let repository = try RegistryOptions.repository(target)
        let source = try PublishingSource(of: manifest, beside: manifestPath, given: from)
        let publishing = RegistryPublishing(
            manifest,
            bytes,
            try CompanionDocuments.find(beside: manifestPath, of: manifest.name),
            from: source,
            through: try options.client(of: repository)
        )
        let display = ProgressDisplay(.ofStandardError)
        defer { display.end() }
        let summary = try await publishing.run {
            display.update("publishing", Progress.Amount(done: $0, total: $1))
        }
        display.end()
        StandardStream.output.writeLine(
            "\(repository): \(manifest.name) version \(manifest.version), \(counted(summary.chunks, "chunk")), "
                + "\(summary.newChunks) new (\(ByteCount.text(summary.newBytes))), tagged "
                + summary.tags.joined(separator: " and ")
        )
    }
}
