import ArgumentParser
import FDLCommand
import FDLCore

struct FDLSign: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fdl-sign",
        abstract: "Signs what a file or a folder is made of, so that it can be had from servers nobody has to trust.",
        version: "fdl-sign \(Product.version)",
        subcommands: [
            ManifestCommand.self, CosignCommand.self, PublisherCommand.self, RefreshCommand.self, KeygenCommand.self,
            VerifyCommand.self,
        ]
    )
}

@main
enum Main {
    static func main() { Program.main(FDLSign.self) }
}
