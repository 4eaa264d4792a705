import ArgumentParser
import FDLCommand
import FDLCore
import FDLCrypto
import FDLPublishing
import FDLSystem
import FDLTrust

struct RefreshCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refresh",
        abstract: "Say that the newest manifests below a directory are still the newest.",
        discussion: """
            Writes NAME.fresh.json and its signature beside each, for readers whose publisher wants that. To be run by a \
            timer, on a server if need be: the key can say that a manifest is current, and never what is in one. Exits \
            with 65 if one could not be refreshed; the others are.
            """
    )

    @Argument(help: "The directory: a worker's root, or a published tree.")
    var directory: String

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("How long it is said for: 12h, 7d.", valueName: "time")
    )
    var lifetime: Lifetime

    @Option(
        help: ArgumentHelp(
            "The folder of the publisher's statements. By default the one below publishers in the directory.",
            valueName: "dir"
        )
    )
    var publisher: String?

    @OptionGroup var keys: KeyOptions

    func run() throws {
        let now = UTCTime.now
        let opened = try keys.key.isEmpty ? [keys.own()] : keys.named()
        guard let key = opened.first, opened.count == 1 else {
            throw Failure(.usage, "one key says that manifests are fresh", hint: "give --key once")
        }
        let chain = try StatementFolder(try publisherFolder()).chain()
        let refresher = Refresher(chain: chain, lifetime: lifetime.seconds, now: now)
        let manifests = try SignedManifests(beneath: withoutTrailingSlashes(directory))
        // Held to the end of the program: each pair is written whole.
        Interruption.hold()
        var faults = manifests.faults
        for one in manifests.newest {
            do {
                let file = try refresher.refresh(one, with: key.secret)
                StandardStream.output.writeLine("\(file): \(one.manifest.name) version \(one.manifest.version)")
            } catch let error as any Explained {
                faults.append("\(one.path): \(error.failure.message)")
            }
        }
        for fault in faults { StandardStream.error.write("warning: not refreshed: \(printable(fault))\n") }
        guard faults.isEmpty else {
            throw Failure(
                .integrity,
                "\(faults.count == 1 ? "one manifest" : "\(faults.count) manifests") could not be refreshed",
                hint: "look at the warnings: a manifest has to be signed as the publisher's last statement wants it"
            )
        }
        guard !manifests.newest.isEmpty else {
            throw Failure(
                .usage,
                "there is no signed manifest below \(shortened(directory))",
                hint: "give the directory that holds the manifests and their signatures"
            )
        }
    }

    private func publisherFolder() throws -> String {
        if let publisher { return publisher }
        let below = "\(withoutTrailingSlashes(directory))/publishers"
        let names = StatementFolder.names(in: below)
        guard names.count == 1 else {
            throw Failure(
                .usage,
                "there are the statements of \(names.isEmpty ? "no publisher" : "\(names.count) publishers") in \(below)",
                hint: "name the folder of one with --publisher"
            )
        }
        return "\(below)/\(names[0])"
    }
}
