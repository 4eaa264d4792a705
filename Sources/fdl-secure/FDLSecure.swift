import ArgumentParser
import FDLCommand
import FDLCore

struct FDLSecure: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fdl-secure",
        abstract: "Download what a publisher signed, from many servers at once, every chunk verified.",
        version: "fdl-secure \(Product.version)",
        subcommands: [Get.self, Verify.self, Trust.self]
    )
}

@main
enum Main {
    static func main() { Program.main(FDLSecure.self) }
}
