import ArgumentParser
import FDLCommand
import FDLCore
import FDLTrust

struct FDLSign: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fdl-sign",
        abstract: "Signs what a file or a folder is made of, so that it can be had from servers nobody has to trust.",
        discussion: Helps.all.discussion,
        version: "fdl-sign \(Product.version)",
        subcommands: [
            ManifestCommand.self, CosignCommand.self, PublishCommand.self, ExportCommand.self, PublisherCommand.self,
            RefreshCommand.self, KeygenCommand.self, VerifyCommand.self,
        ]
    )
}

@main
enum Main {
    static func main() {
        PassphrasePrompt.allow()
        Program.main(FDLSign.self)
    }
}
