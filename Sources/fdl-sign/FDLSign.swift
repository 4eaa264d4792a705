import ArgumentParser
import FDLCommand

@main
struct FDLSign: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fdl-sign",
        abstract: "Signs what a file or a folder is made of, so that it can be had from servers nobody has to trust.",
        subcommands: [ManifestCommand.self, KeygenCommand.self, VerifyCommand.self]
    )

    static func main() async { await Program.run(Self.self) }
}
