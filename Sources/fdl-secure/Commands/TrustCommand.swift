import ArgumentParser
import FDLCommand
import FDLCore
import FDLCrypto
import FDLSystem
import FDLTrust

struct TrustCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust",
        abstract: "The publishers whose manifests you accept.",
        subcommands: [Add.self, List.self, Remove.self, Update.self, Forget.self]
    )

    static var ring: KeyRing { KeyRing(directories: .current) }

    /// Says what in the trust store is passed over.
    static func warn(_ error: KeyRingError) {
        StandardStream.error.write("warning: passed over: \(error.failure.message)\n")
    }

    static func reporting(_ body: () throws(KeyRingError) -> Void) throws(KeyRingError) {
        // A signal must not interrupt a change.
        Interruption.hold()
        try body()
    }
}

extension TrustCommand {
    /// Which names a publisher is accepted for, to stand at the end of its line.
    static func scope(_ names: [NamePattern]) -> String {
        names.isEmpty ? "" : ", for " + names.map(\.description).joined(separator: " ")
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the publishers you accept.")

        func run() throws {
            try TrustCommand.reporting { () throws(KeyRingError) in
                if let own = try TrustCommand.ring.ownPublicKey() {
                    StandardStream.output.writeLine("\(own.id)  \(own.minisignLine)  (your own)")
                }
                for publisher in try TrustCommand.ring.trustedPublishers(passedOver: TrustCommand.warn) {
                    StandardStream.output.writeLine(
                        "\(publisher.key.id)  \(publisher.key.minisignLine)  \(publisher.label)"
                            + TrustCommand.scope(publisher.names)
                    )
                }
                for publisher in try TrustCommand.ring.pinnedPublishers(passedOver: TrustCommand.warn) {
                    let last = publisher.chain.last
                    StandardStream.output.writeLine(
                        "statement \(last.version) of \(last.name)\(TrustCommand.threshold(last)), first seen as "
                            + "\(publisher.chain.anchor.hex)  \(publisher.label)\(TrustCommand.scope(publisher.names))"
                    )
                    for line in TrustCommand.keys(last) { StandardStream.output.writeLine("  \(line)") }
                }
            }
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Accept a publisher no longer.")

        @Argument(help: "The publisher's label or the key's id.")
        var name: String

        func run() throws {
            try TrustCommand.reporting { () throws(KeyRingError) in
                for removal in try TrustCommand.ring.distrust(name) { report(removal) }
            }
        }

        private func report(_ removal: KeyRing.Removal) {
            let what =
                switch removal.identity {
                case .statement: "the publisher statement"
                default: removal.key.map { "key \($0.id)" } ?? "a file that held no key"
                }
            StandardStream.output.writeLine("removed \(removal.label): \(what)")
            // The names of a publisher that is gone are anybody's.
            if let identity = removal.identity { try? SeenVersions(directories: .current).release(identity) }
            if !removal.others.isEmpty {
                StandardStream.output.writeLine(
                    "note: the same key is still accepted as \(removal.others.joined(separator: ", "))"
                )
            }
        }
    }

    struct Forget: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Forget what was seen of a name, and whom it was followed from.",
            discussion: """
                The way back where a version was accepted that its publisher never meant, or where another publisher \
                has taken a product over. The next version that is accepted counts as the first.
                """
        )

        @Argument(help: "The manifest's name.")
        var name: String

        func run() throws {
            Interruption.hold()
            let found = try explaining { () throws(StateError) in
                try ManifestName(name).map { name throws(StateError) in
                    try SeenVersions(directories: .current).forget(name)
                } ?? false
            }
            guard found else {
                throw Failure(
                    .usage,
                    "nothing was seen of \(shortened(name))",
                    hint: "give the name that fdl-secure get shows before the version"
                )
            }
            StandardStream.output.writeLine("forgot \(name): the next version that is accepted counts as the first")
        }
    }
}
