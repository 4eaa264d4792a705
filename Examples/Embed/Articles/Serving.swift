// What FDLServer's article shows, so that it is compiled.
import FDLServer

func serving() async throws {
    var configuration = WorkerConfiguration(certificate: "server.pem")
    configuration.root = "pub"
    configuration.addresses = [ListenAddress(host: "::", port: 8443)]
    let worker = try Worker(configuration)
    try await worker.run { print("listening on https://\($0)/") }
}

func bounding(_ given: WorkerConfiguration) -> WorkerConfiguration {
    var configuration = given
    configuration.limits.connections = 1_000
    configuration.limits.rate = 50 << 20
    configuration.accessLog = { print(AccessLogFormat.combined.line($0)) }
    return configuration
}
