public import FDLCore
public import FDLCrypto
public import FDLTLS
public import FDLTrust

/// A manifest at a URL, and the signatures beside it.
public struct RemoteManifest: ManifestPlace {
    private let url: String
    private let tls: TLSClientConfiguration
    private let access: SourceAccess
    private let led: @Sendable (Origin) -> Void
    private let trees: [SourceURL]

    /// - Parameters:
    ///   - url: as `ManifestFetch.fetch` takes it.
    ///   - trees: where publisher statements are asked for, besides the manifest's own tree.
    ///   - led: told of each other origin that a redirect leads to.
    public init(
        _ url: String,
        tls: TLSClientConfiguration,
        access: SourceAccess = SourceAccess(),
        trees: [SourceURL] = [],
        led: @escaping @Sendable (Origin) -> Void = { _ in }
    ) {
        self.url = url
        self.tls = tls
        self.access = access
        self.led = led
        let own = ManifestFetch.worker(serving: url).map { [$0] } ?? []
        self.trees = own + trees.filter { tree in !own.contains { $0.isSameSource(as: tree) } }
    }

    public var isLive: Bool { true }

    public var freshnessName: String {
        guard let (directory, name) = try? ManifestFetch.split(url) else { return "" }
        return directory.path + FileNames.freshness(of: name)
    }

    public var statementPlaces: [any StatementPlace] {
        trees.map { RemoteStatements($0, tls: tls, access: access) }
    }

    public func freshness() async throws(Failure) -> SignedFreshness? {
        let (directory, name) = try ManifestFetch.split(url)
        let fetch = DocumentFetch(directory: directory, tls: tls, access: access)
        let file = FileNames.freshness(of: name)
        guard let bytes = try await fetch.ifThere(file, limit: FreshStatement.maximumBytes, as: .freshness),
            let signature = try await fetch.ifThere(
                FileNames.signature(of: file),
                limit: MinisignSignature.maximumBytes,
                as: .signature
            )
        else { return nil }
        return SignedFreshness(bytes: bytes, signature: signature)
    }

    public func read() async throws(Failure) -> SignedBytes {
        try await ManifestFetch.fetch(url, tls: tls, access: access, led: led)
    }

    public func signature(by key: KeyID) async throws(Failure) -> [UInt8]? {
        let (directory, name) = try ManifestFetch.split(url)
        return try await DocumentFetch(directory: directory, tls: tls, access: access).ifThere(
            FileNames.signature(of: name, by: key.description),
            limit: MinisignSignature.maximumBytes,
            as: .signature
        )
    }
}

/// The publisher statements of a tree.
public struct RemoteStatements: StatementPlace {
    private let fetch: DocumentFetch

    /// - Parameter tree: a worker's URL.
    public init(_ tree: SourceURL, tls: TLSClientConfiguration, access: SourceAccess = SourceAccess()) {
        fetch = DocumentFetch(directory: tree, tls: tls, access: access)
    }

    public func statement(of publisher: ManifestName, version: Int64) async throws(Failure) -> [UInt8]? {
        let path = TreePath.publisher(name: publisher.string, file: Self.file(version))
        return try await fetch.ifThere(path.relative, limit: PublisherStatement.maximumBytes, as: .statement)
    }

    public func signature(
        ofStatement version: Int64,
        of publisher: ManifestName,
        by key: KeyID?
    ) async throws(Failure) -> [UInt8]? {
        let name = FileNames.signature(of: Self.file(version), by: key?.description)
        let path = TreePath.publisher(name: publisher.string, file: name)
        return try await fetch.ifThere(path.relative, limit: MinisignSignature.maximumBytes, as: .signature)
    }

    /// Fetches a statement by its URL.
    public static func fetch(
        _ url: String,
        tls: TLSClientConfiguration,
        access: SourceAccess = SourceAccess()
    ) async throws(Failure) -> [UInt8] {
        let (directory, name) = try ManifestFetch.split(url)
        let fetch = DocumentFetch(directory: directory, tls: tls, access: access)
        guard let bytes = try await fetch.ifThere(name, limit: PublisherStatement.maximumBytes, as: .statement) else {
            throw Failure(
                .noSource,
                "\(directory.authority) has no \(directory.path)\(name)",
                hint: "a statement's address looks like https://HOST:PORT/publishers/NAME/1.json"
            )
        }
        return bytes
    }

    /// The tree that a statement's URL lies in.
    /// - Returns: nil if it is not the URL of one in a tree, or has a query, which may be secret.
    package static func tree(ofStatement url: String) -> SourceURL? {
        guard let (directory, file) = try? ManifestFetch.split(url), directory.query == nil else { return nil }
        let parts = pathParts(directory.path).filter { !$0.isEmpty }
        guard parts.count >= 2, "\(parts[parts.count - 2])/" == TreePath.publishers,
            case .publisher? = TreePath("/\(TreePath.publishers)\(parts[parts.count - 1])/\(file)")
        else { return nil }
        let above = parts.dropLast(2).map { "/\($0)" }.joined()
        return try? SourceURL("https://\(directory.authority)\(above)/")
    }

    private static func file(_ version: Int64) -> String { "\(version)\(FileNames.servedManifestSuffix)" }
}

/// Fetches what may lie in a directory of a server, or not.
struct DocumentFetch: Sendable {
    let directory: SourceURL
    let tls: TLSClientConfiguration
    let access: SourceAccess

    /// - Parameter name: percent-encoded: what follows the directory's path.
    /// - Returns: nil if the server does not have it.
    /// - Throws: `Failure` as `ManifestFetch.fetch` does.
    func ifThere(
        _ name: String,
        limit: Int,
        as document: ManifestFetchError.Document
    ) async throws(Failure) -> [UInt8]? {
        let use = SourceContext.Use.manifest(authority: directory.authority)
        let fetcher = try ManifestFetch.fetcher(for: use, tls, access)
        do throws(SourceError) {
            return try await fetcher.fetch(name, from: directory, limit: limit)
        } catch {
            // Object stores answer so for what is not there, and some servers have a page for every path.
            switch error.cause {
            case .forbidden(403), .webPage: return nil
            default: break
            }
            throw ManifestFetchError(
                cause: error,
                url: directory,
                path: directory.path + name,
                context: SourceContext(use, tls, of: directory, access.credentials),
                document: document
            ).failure
        }
    }
}
