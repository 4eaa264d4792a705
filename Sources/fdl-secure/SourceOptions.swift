import ArgumentParser
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
        help: ArgumentHelp("Certificates to trust instead of the system's and the manifest's, PEM.", valueName: "ca")
    )
    var cacert: String?

    @Option(help: ArgumentHelp("A public key a source must have, sha256//BASE64.", valueName: "pin"))
    var pin: [String] = []

    @Option(help: ArgumentHelp("A client certificate for sources that want one, PEM.", valueName: "cert"))
    var cert: String?

    @Option(help: ArgumentHelp("The client certificate's key, PEM.", valueName: "key"))
    var key: String?

    func validate() throws {
        if key != nil, cert == nil { throw ValidationError("--key needs --cert") }
    }

    /// The sources named here, then those of the manifest, each once.
    func all(of manifest: Manifest, fetchedFrom worker: SourceURL?) throws(Failure) -> [Manifest.Source] {
        var sources: [Manifest.Source] = []
        for text in server { sources.append(Manifest.Source(kind: .worker, url: try url(text, "--server"))) }
        for text in mirror { sources.append(Manifest.Source(kind: .mirror, url: try url(text, "--mirror"))) }
        if let worker { sources.append(Manifest.Source(kind: .worker, url: worker)) }
        sources += manifest.sources
        var seen = Set<Manifest.Source>()
        return sources.filter { seen.insert($0).inserted }
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
        for text in pin + (manifest?.trust?.pins ?? []) {
            guard let pin = PublicKeyPin(text) else {
                throw Failure(.usage, "\(text) is not a pin", hint: "a pin looks like sha256//BASE64, as curl takes it")
            }
            configuration.pins.append(pin)
        }
        configuration.certificateChainPath = cert
        configuration.privateKeyPath = key
        return configuration
    }

    private func url(_ text: String, _ option: String) throws(Failure) -> SourceURL {
        do throws(SourceURLError) { return try SourceURL(text) } catch {
            throw Failure(
                .usage,
                "\(option) \(shownURL(text)) cannot be a source: \(error)",
                hint: "a source looks like https://HOST:PORT/"
            )
        }
    }
}
