public import ArgumentParser
public import FDLClient
import FDLCommand

/// How chunks are fetched.
struct TransferOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The most connections to one source, from 1 to 256.", valueName: "n"))
    var connections: Int?

    @Option(help: ArgumentHelp("Whether to ask workers for compressed chunks.", valueName: "when"))
    var compress: DownloadRequest.Compression = .auto

    @Option(help: ArgumentHelp("Bytes a second over all sources, for instance 500K or 10M.", valueName: "rate"))
    var limitRate: ByteCount?

    @Option(
        help: ArgumentHelp(
            "A file or folder that may hold some of the chunks already, such as an older version. May be repeated.",
            valueName: "path"
        ),
        completion: .file()
    )
    var seed: [String] = []

    @Flag(help: "Leave large files in the page cache too, for a program that reads them at once.")
    var pageCache = false

    func validate() throws {
        if let connections, !(1...256).contains(connections) {
            throw ValidationError("--connections takes a number from 1 to 256")
        }
        if let limitRate, limitRate.bytes < 1 {
            throw ValidationError("--limit-rate takes at least 1 byte a second")
        }
    }

    func apply(to request: inout DownloadRequest) {
        request.connectionsPerSource = connections
        request.compression = compress
        request.rateLimit = limitRate?.bytes
        request.seeds = seed
        request.usesPageCache = pageCache
    }
}

extension DownloadRequest.Compression: ExpressibleByArgument {}
