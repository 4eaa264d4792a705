import ArgumentParser
import FDLCommand
import FDLCore
import FDLCrypto
import FDLSystem
import FDLTrust

struct TrustCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust",
        abstract: "The publishers whose manifests you accept.",
        subcommands: [Add.self, List.self, Remove.self]
    )

    static var ring: KeyRing { KeyRing(directories: .current) }

    static func reporting(_ body: () throws(KeyRingError) -> Void) throws(KeyRingError) {
        // A signal must not interrupt a change.
        Interruption.hold()
        try body()
    }
}

extension TrustCommand {
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Accept a publisher from now on.")

        @Argument(help: "The publisher's public key file, or the line of base64 in it.")
        var key: String

        @Option(help: "What to call the publisher; by default the key's id.")
        var label: String?

        func run() throws {
            try TrustCommand.reporting { () throws(KeyRingError) in
                // The line itself: `RW` is how the base64 of a minisign key begins.
                let isLine = key.utf8.count == 56 && key.hasPrefix("RW")
                let parsed = isLine ? try? PublicKey(minisign: key) : nil
                let publicKey = if let parsed { parsed } else { try KeyFile.publicKey(key) }
                let publisher = try TrustCommand.ring.trust(publicKey, label: label)
                StandardStream.output.writeLine("trusted \(publisher.label): key \(publisher.key.id)")
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the publishers you accept.")

        func run() throws {
            try TrustCommand.reporting { () throws(KeyRingError) in
                if let own = try TrustCommand.ring.ownPublicKey() {
                    StandardStream.output.writeLine("\(own.id)  \(own.minisignLine)  (your own)")
                }
                for publisher in try TrustCommand.ring.trustedPublishers() {
                    StandardStream.output.writeLine(
                        "\(publisher.key.id)  \(publisher.key.minisignLine)  \(publisher.label)"
                    )
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
                for publisher in try TrustCommand.ring.distrust(name) {
                    StandardStream.output.writeLine("removed \(publisher.label): key \(publisher.key.id)")
                }
            }
        }
    }
}
