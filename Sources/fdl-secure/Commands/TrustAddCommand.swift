import ArgumentParser
import FDLClient
import FDLCommand
import FDLCore
import FDLCrypto
import FDLSystem
import FDLTrust
import Glibc

extension TrustCommand {
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Accept a publisher from now on, by a public key or by a publisher statement.",
            discussion: """
                A statement names the publisher's keys, and is followed by further ones, which are taken by themselves. \
                So it is accepted once, by its fingerprint: have that from the publisher.
                """
        )

        @Argument(
            help: "The publisher's public key file, the line of base64 in it, or a statement: a file or its URL.",
            completion: .file()
        )
        var key: String

        @Option(help: "What to call the publisher; by default the key's id, or the statement's name.")
        var label: String?

        @Option(
            help: ArgumentHelp("The SHA-256 that the statement must have, so that nobody is asked.", valueName: "hex")
        )
        var fingerprint: String?

        @Option(
            name: .customLong("for"),
            help: ArgumentHelp(
                "Accept it for manifests of such names only, for instance 'acme-*'. May be repeated.",
                valueName: "glob"
            )
        )
        var names: [String] = []

        @OptionGroup(title: "SOURCES") var sources: SourceOptions
        @OptionGroup(title: "PROXIES AND LOGINS") var accessOptions: AccessOptions

        func run() async throws {
            // The line itself: `RW` is how the base64 of a minisign key begins.
            if key.utf8.count == 56, key.hasPrefix("RW"), let parsed = try? PublicKey(minisign: key) {
                return try trust(parsed)
            }
            let bytes = try await read()
            // A key file begins with its comment, a statement with a brace.
            guard bytes.first(where: { !$0.isWhitespace }) == UInt8(ascii: "{") else {
                guard fingerprint == nil else {
                    throw Failure(
                        .usage,
                        "\(shortened(key)) is no publisher statement",
                        hint: "leave --fingerprint out"
                    )
                }
                return try trust(try KeyFile.publicKey(key))
            }
            try pin(bytes)
        }

        private func read() async throws -> [UInt8] {
            if key.contains("://") {
                let access = try sources.access(accessOptions, manifests: [key])
                return try await RemoteStatements.fetch(key, tls: try sources.tls(of: nil), access: access)
            }
            return try explaining(for: .settings) { () throws(SystemError) in
                try WholeFile.read(key, limit: PublisherStatement.maximumBytes)
            }
        }

        private func trust(_ key: PublicKey) throws {
            Interruption.hold()
            let publisher = try TrustCommand.ring.trust(key, label: label, names: try patterns())
            StandardStream.output.writeLine(
                "trusted \(publisher.label): key \(publisher.key.id)\(TrustCommand.scope(publisher.names))"
            )
        }

        private func pin(_ bytes: [UInt8]) throws {
            let statement = try PublisherStatement(parsing: bytes)
            try statement.check(now: .now)
            let found = SHA256Digest(hashing: bytes).hex
            StandardStream.error.write(
                "\(statement.name), statement \(statement.version)\(TrustCommand.threshold(statement)):\n"
                    + TrustCommand.keys(statement).map { "  \($0)\n" }.joined() + "fingerprint \(found)\n"
            )
            if let fingerprint {
                guard fingerprint.lowercased() == found else {
                    throw Failure(
                        .integrity,
                        "the statement's fingerprint is \(found), not \(shortened(fingerprint))",
                        hint: "ask the publisher for the fingerprint, and get the statement again"
                    )
                }
            } else {
                try ask(found)
            }
            Interruption.hold()
            let publisher = try TrustCommand.ring.pin(bytes, label: label, names: try patterns())
            StandardStream.output.writeLine(
                "trusted \(publisher.label): statement \(statement.version) of \(statement.name)"
                    + TrustCommand.scope(publisher.names)
            )
            if key.contains("://"), let tree = RemoteStatements.tree(ofStatement: key) {
                TrustCommand.ring.note(server: tree, of: publisher.chain.anchor)
            }
        }

        private func ask(_ found: String) throws(Failure) {
            guard isatty(STDIN_FILENO) == 1, StandardStream.error.isTerminal else {
                throw Failure(
                    .usage,
                    "nobody can be asked here whether the fingerprint \(found) is the publisher's",
                    hint: "compare it with what the publisher says, and give it with --fingerprint"
                )
            }
            StandardStream.error.write("is that the fingerprint that the publisher gives? [yes/no] ")
            guard readLine()?.lowercased() == "yes" else {
                throw Failure(.usage, "the statement was not accepted", hint: "ask the publisher for its fingerprint")
            }
        }

        private func patterns() throws(KeyRingError) -> [NamePattern] {
            var patterns: [NamePattern] = []
            for text in names {
                guard let pattern = NamePattern(text) else { throw .invalidPattern(text) }
                patterns.append(pattern)
            }
            return patterns
        }
    }

    /// How many keys a statement takes, if more than one.
    static func threshold(_ statement: PublisherStatement) -> String {
        statement.threshold == 1 ? "" : " (takes \(statement.threshold) keys)"
    }

    /// A line for each key of a statement.
    static func keys(_ statement: PublisherStatement) -> [String] {
        statement.keys.map { key in
            let roles = key.roles.map(\.rawValue).sorted().joined(separator: " and ")
            return "\(key.key.id)  \(key.key.minisignLine)  "
                + (key.until == nil ? (roles.isEmpty ? "nothing" : roles) : "retired")
        }
    }
}

extension UInt8 {
    fileprivate var isWhitespace: Bool { self == 0x20 || (0x09...0x0d).contains(self) }
}
