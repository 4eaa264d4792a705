import ArgumentParser
import FDLClient
import FDLCore
import FDLSystem

/// Where a download goes.
struct OutputOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The file or folder to write; DIR/ for a file in a directory; - for standard output.",
            valueName: "path"
        ),
        completion: .file()
    )
    var output: String?

    @Option(
        name: [.customShort("d"), .customLong("directory")],
        help: ArgumentHelp("The directory to write into, which is the current one otherwise.", valueName: "dir"),
        completion: .directory
    )
    var directory: String?

    @Flag(help: "Write manifest and signature beside the output too, to verify and serve it later.")
    var keepManifest = false

    @Flag(help: "Replace an existing output of other content, reusing what of it matches.")
    var force = false

    /// Whether the bytes go to standard output.
    var isStream: Bool { output == "-" }

    func validate(manifests: Int) throws {
        if manifests > 1, let output {
            throw ValidationError("-o \(output) is one output, and \(manifests) manifests are given: take -d \(output)")
        }
        if isStream, directory != nil { throw ValidationError("-o - and -d exclude each other") }
        if isStream, keepManifest { throw ValidationError("--keep-manifest needs an output on disk") }
        if output?.isEmpty == true { throw ValidationError("-o takes a path") }
        if directory?.isEmpty == true { throw ValidationError("-d takes a directory") }
    }

    /// Where the output of a manifest goes.
    func destination(of manifest: Manifest) -> DownloadRequest.Output {
        guard !isStream else { return .standardOutput }
        let own = manifest.isSingleFile ? manifest.files[0].path.string : manifest.name.string
        let isInto = output?.hasSuffix("/") == true && manifest.isSingleFile
        return .path(within(output.map { isInto ? $0 + own : $0 } ?? own))
    }

    private func within(_ path: String) -> String {
        guard let directory, !path.hasPrefix("/") else { return path }
        let base = withoutTrailingSlashes(directory)
        return base == "/" ? base + path : base + "/" + path
    }
}
