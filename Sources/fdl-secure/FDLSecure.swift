import ArgumentParser
import FDLCommand
import FDLCore

struct FDLSecure: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fdl-secure",
        abstract: "Download what a publisher signed, from many servers at once, every chunk verified.",
        discussion: Helps.all.discussion,
        version: "fdl-secure \(Product.version)",
        subcommands: [
            GetCommand.self, VerifyCommand.self, ListCommand.self, InspectCommand.self, DoctorCommand.self,
            TrustCommand.self,
        ]
    )
}

@main
enum Main {
    static func main() { Program.main(FDLSecure.self) }
}
