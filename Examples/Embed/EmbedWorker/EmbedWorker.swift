import FDLCore
import FDLCrypto
import FDLPublishing
import FDLServer
import FDLSystem
import FDLTrust
import Logging

/// Signs a file or a folder and serves it from where it lies, in a program of one's own.
///
///     EmbedWorker PATH CERTIFICATE.pem HOST:PORT
@main
struct EmbedWorker {
    static func main() async {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let address = ListenAddress(arguments[3]) else {
            return print("usage: EmbedWorker PATH CERTIFICATE.pem HOST:PORT")
        }
        do {
            let root = try await sign(arguments[1])
            var configuration = WorkerConfiguration(certificate: arguments[2])
            configuration.root = root
            configuration.addresses = [address]
            let worker = try Worker(configuration, logger: Logger(label: "embed"))
            // Until worker.drain() is called from somewhere.
            try await worker.run { print("listening on https://\($0)/") }
        } catch {
            print("error: \(error)")
        }
    }

    /// Signs with the user's own key, which is made if there is none.
    /// - Returns: the directory that the manifest lies in.
    private static func sign(_ path: String) async throws -> String {
        let key = try KeyRing(directories: .current).createOwnKey(passphrase: nil)
        let input = try PublishingInput(scanning: path)
        let output = input.defaultOutput
        try SignedBytes.checkOutput(output, publishing: input)
        let manifest = try await ManifestRecipe().manifest(of: input, now: .now)
        try SignedBytes(manifest, signedWith: key, fileName: output, now: .now).write(to: output)
        print("signed \(manifest.name) version \(manifest.version): give readers \(key.publicKey.minisignLine)")
        return output.lastIndex(of: "/").map { String(output[..<$0]) } ?? "."
    }
}
