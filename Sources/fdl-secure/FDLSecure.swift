import ArgumentParser
import FDLCommand

@main
struct FDLSecure: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fdl-secure",
        abstract: "Download what a publisher signed, from many servers at once, every chunk verified.",
        subcommands: [Get.self, Verify.self, Trust.self]
    )

    static func main() async { await Program.run(Self.self) }
}
