import FDLServer

/// Serves a directory of files and their signed manifests, in a program of one's own.
///
///     EmbedWorker DIRECTORY CERTIFICATE.pem HOST:PORT
@main
struct EmbedWorker {
    static func main() async {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let address = ListenAddress(arguments[3]) else {
            return print("usage: EmbedWorker DIRECTORY CERTIFICATE.pem HOST:PORT")
        }
        var configuration = WorkerConfiguration(certificate: arguments[2])
        configuration.root = arguments[1]
        configuration.addresses = [address]
        do {
            let worker = try Worker(configuration)
            // Until the task is cancelled, or worker.drain() is called.
            try await worker.run { print("listening on https://\($0)/") }
        } catch {
            print("error: \(error)")
        }
    }
}
