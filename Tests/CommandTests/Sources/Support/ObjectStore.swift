import TestSupport

/// SeaweedFS as an object store: its S3 gateway with TLS before a filer, a master and volume servers, each a process of
/// its own. Anybody may read and write, also by `key` and `secret`, for programs that sign.
final class ObjectStore: Sendable {
    /// What of it is on a port, and its port for the other parts.
    private struct Port {
        let own: Int
        let parts: Int

        init() throws {
            own = try freePort()
            parts = try freePort()
        }

        var options: [String] { ["-port=\(own)", "-port.grpc=\(parts)"] }
        /// As the other parts are told of it.
        var address: String { "127.0.0.1:\(own).\(parts)" }
    }

    private let others: [RunningProgram]
    let volumes: [RunningProgram]
    let port: Int

    private init(others: [RunningProgram], volumes: [RunningProgram], port: Int) {
        self.others = others
        self.volumes = volumes
        self.port = port
    }

    /// Where its gateway listens.
    var host: String { "127.0.0.1:\(port)" }

    func url(ofBucket bucket: String) -> String { "https://127.0.0.1:\(port)/\(bucket)/" }

    /// - Parameter volumes: how many volume servers. With more than one each object is kept by two of them.
    static func start(volumes count: Int, in scene: Scene) async throws -> ObjectStore {
        for _ in 0..<5 {
            if let store = try await attempt(volumes: count, in: scene) { return store }
        }
        throw HarnessError("the object store does not start")
    }

    /// - Returns: nil if a port was taken meanwhile.
    private static func attempt(volumes count: Int, in scene: Scene) async throws -> ObjectStore? {
        let (master, filer, gateway) = (try Port(), try Port(), try Port())
        let https = try freePort()
        let place = scene.path("store-\(https)")
        for directory in ["master", "filer"] + (0..<count).map({ "volume-\($0)" }) {
            try Files.makeDirectory("\(place)/\(directory)")
        }
        try Files.write(Array(access.utf8), to: "\(place)/access.json")
        func start(_ arguments: [String]) throws -> RunningProgram {
            try scene.start(.system("weed"), ["-logtostderr=true"] + arguments, by: .publisher, in: place)
        }

        let replication = count > 1 ? "010" : "000"
        var others = [
            try start(
                [
                    "master", "-mdir=\(place)/master", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
                    "-defaultReplication=\(replication)", "-volumeSizeLimitMB=64", "-telemetry=false",
                ] + master.options
            )
        ]
        guard try await listens(master.own, others) else { return nil }
        var volumes: [RunningProgram] = []
        for number in 0..<count {
            let own = try Port()
            volumes.append(
                try start(
                    [
                        "volume", "-dir=\(place)/volume-\(number)", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
                        "-master=\(master.address)", "-rack=rack\(number)", "-max=20", "-preStopSeconds=0",
                    ] + own.options
                )
            )
            guard try await listens(own.own, volumes) else { return nil }
        }
        others.append(
            try start(
                [
                    "filer", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master=\(master.address)",
                    "-defaultStoreDir=\(place)/filer", "-localSocket=\(place)/filer.sock",
                ] + filer.options
            )
        )
        guard try await listens(filer.own, others) else { return nil }
        others.append(
            try start(
                [
                    "s3", "-filer=\(filer.address)", "-ip.bind=127.0.0.1", "-port.https=\(https)",
                    "-cert.file=\(scene.certificates.server)", "-key.file=\(scene.certificates.serverKey)",
                    "-config=\(place)/access.json", "-iam=false", "-port.iceberg=0", "-port.lance=0",
                    "-localSocket=\(place)/s3.sock",
                ] + gateway.options
            )
        )
        guard try await listens(https, others) else { return nil }
        return ObjectStore(others: others, volumes: volumes, port: https)
    }

    static let key = "store-key"
    static let secret = "store-secret"

    private static let access = """
        {"identities": [
          {"name": "anonymous", "actions": ["Admin", "Read", "List", "Write"]},
          {"name": "program", "actions": ["Admin", "Read", "List", "Tagging", "Write"],
           "credentials": [{"accessKey": "\(key)", "secretKey": "\(secret)"}]}
        ]}
        """

    /// - Returns: false if the last of the programs has ended instead.
    private static func listens(_ port: Int, _ programs: [RunningProgram]) async throws -> Bool {
        try await eventually("\(programs.last?.command ?? "") listens or ends") { () -> Bool? in
            if accepts(port: port) { return true }
            return programs.last?.isRunning == true ? nil : false
        }
    }

    func makeBucket(_ bucket: String, in scene: Scene) async throws {
        let trust = ["--cacert", scene.certificates.authority]
        try await scene.must(
            .system("curl"),
            ["-sS", "--fail", "--retry", "5", "--retry-all-errors", "-o", "/dev/null", "-X", "PUT"] + trust
                + [url(ofBucket: bucket)],
            by: .publisher
        )
    }

    /// Uploads all files below `directory`, under their paths there, into a bucket that is made.
    func upload(_ directory: String, toBucket bucket: String, in scene: Scene) async throws {
        let script = """
            url=$0 ca=$1 directory=$2
            ask() { curl -sS --fail --retry 5 --retry-all-errors --cacert "$ca" -o /dev/null "$@"; }
            ask -X PUT "$url" || exit
            cd "$directory" || exit
            find . -type f | sed 's,^\\./,,' | while read -r path; do
                ask -T "$path" -H 'Content-Type: application/octet-stream' "$url$path" || exit
            done
            """
        try await scene.must(
            .system("sh"),
            ["-ec", script, url(ofBucket: bucket), scene.certificates.authority, directory],
            by: .publisher
        )
    }
}
