import TestSupport

/// Debian's docker-registry over TLS, and what is asked of it.
enum RegistryServer {
    /// Where it keeps its blobs.
    enum Storage: Sendable {
        case files
        /// A directory that is there.
        case directory(String)
        /// A bucket, to whose presigned URLs it redirects.
        case bucket(ObjectStore, String)
    }

    /// - Parameters:
    ///   - tokens: the service whose tokens it wants; nil to let everybody in.
    ///   - certificate: another than that of the scene, with its key beside it.
    static func start(
        in scene: Scene,
        storage: Storage = .files,
        tokens: TokenServer? = nil,
        certificate: String? = nil
    ) async throws -> RealServer {
        try await RealServer.start("docker-registry", in: scene, certificate: certificate) { setting in
            var configuration = """
                version: 0.1
                log: {level: error, accesslog: {disabled: false}}
                http:
                  addr: 127.0.0.1:\(setting.port)
                  tls: {certificate: \(setting.certificate), key: \(setting.key)}
                storage:
                  delete: {enabled: true}
                  cache: {blobdescriptor: inmemory}

                """
            switch storage {
            case .files: configuration += "  filesystem: {rootdirectory: \(setting.place)/store}\n"
            case .directory(let path): configuration += "  filesystem: {rootdirectory: \(path)}\n"
            case .bucket(let store, let bucket):
                configuration += """
                      s3:
                        accesskey: \(ObjectStore.key)
                        secretkey: \(ObjectStore.secret)
                        region: us-east-1
                        regionendpoint: https://127.0.0.1:\(store.port)
                        bucket: \(bucket)
                        secure: true
                        v4auth: true

                    """
            }
            if let tokens {
                configuration += """
                    auth:
                      token:
                        realm: \(tokens.realm)
                        service: registry.test
                        issuer: tokens.test
                        rootcertbundle: \(tokens.certificate)

                    """
            }
            let path = try setting.write(configuration, "config.yml")
            // The S3 driver takes its authorities from SSL_CERT_FILE alone, and fails where AWS_CA_BUNDLE is set as well.
            let command = """
                unset AWS_CA_BUNDLE
                export SSL_CERT_FILE="$0"
                exec docker-registry serve "$1" >"$2"
                """
            return ["sh", "-ec", command, setting.authority, path, "\(setting.place)/access"]
        }
    }

    /// Pushes all chunks of a published file as blobs.
    static func push(_ published: Published, to url: String, in scene: Scene, login: String = "") async throws {
        let chunks = scene.path("blobs")
        try HonestTree(manifest: published.manifest, root: published.root).writeChunks(below: chunks)
        let arguments = ["-c", script, url, scene.certificates.authority, chunks, login]
        try await scene.must(.system("python3"), arguments, by: .publisher)
    }

    private static let script = """
        import http.client, json, os, ssl, sys, urllib.parse
        url, authority, chunks, login = sys.argv[1:]
        context = ssl.create_default_context(cafile=authority)
        base = urllib.parse.urlsplit(url)
        connections, bearer = {}, {}
        def ask(method, url, body=None, headers={}):
            parts = urllib.parse.urlsplit(url)
            if parts.netloc not in connections:
                connections[parts.netloc] = http.client.HTTPSConnection(parts.netloc, context=context)
            connection = connections[parts.netloc]
            connection.request(method, parts.path + (parts.query and "?" + parts.query), body, headers)
            answer = connection.getresponse()
            return answer, answer.read()
        def enter(method, url, body=None):
            answer, text = ask(method, url, body, bearer)
            if answer.status != 401: return answer
            said = dict(item.split("=", 1) for item in answer.headers["WWW-Authenticate"][len("Bearer "):].split('",'))
            said = {name: value.strip('"') for name, value in said.items()}
            query = urllib.parse.urlencode({"service": said["service"], "scope": said["scope"]})
            answer, text = ask("GET", said["realm"] + "?" + query, headers={"Authorization": "Basic " + login})
            bearer["Authorization"] = "Bearer " + json.loads(text)["token"]
            return ask(method, url, body, bearer)[0]
        for folder in os.listdir(chunks + "/chunks"):
            for digest in os.listdir(chunks + "/chunks/" + folder):
                with open(f"{chunks}/chunks/{folder}/{digest}", "rb") as file: body = file.read()
                started = enter("POST", url + "blobs/uploads/")
                assert started.status == 202, started.status
                place = urllib.parse.urljoin(url, started.headers["Location"])
                ended = enter("PUT", place + ("&" if "?" in place else "?") + "digest=sha256:" + digest, body)
                assert ended.status == 201, ended.status
        """
}
