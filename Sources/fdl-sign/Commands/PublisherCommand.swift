public import ArgumentParser
import FDLCommand
import FDLCore
import FDLCrypto
import FDLPublishing
import FDLSystem
public import FDLTrust

struct PublisherCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publisher",
        abstract: "Say which keys sign for you: statements that readers follow from the first one on.",
        discussion: """
            The statements lie in a folder, publishers/NAME, which belongs below the root of each worker. A reader pins \
            one, once, by its fingerprint, and takes each next one by itself.
            """,
        subcommands: [Init.self, AddKey.self, RemoveKey.self, Sign.self]
    )
}

/// What the next statement says otherwise.
struct StatementOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How many of the keys must sign each manifest and the next statement.", valueName: "n"))
    var threshold: Int?

    @Option(
        help: ArgumentHelp(
            "How long this statement is valid: 90d, 1y. By default as long as before.",
            valueName: "time"
        )
    )
    var expires: Lifetime?

    @Option(
        help: ArgumentHelp(
            "How old the word may be that a manifest is the newest, for instance 7d: see fdl-sign refresh.",
            valueName: "time"
        )
    )
    var maximumAge: Lifetime?

    @OptionGroup var keys: KeyOptions

    var isChange: Bool { threshold != nil || expires != nil || maximumAge != nil }

    var change: PublisherChange {
        var change = PublisherChange()
        change.threshold = threshold
        change.lifetime = expires?.seconds
        change.maximumAge = maximumAge?.seconds
        return change
    }

    /// The named keys, or the user's own.
    func opened() throws -> [KeyOptions.Opened] { try keys.key.isEmpty ? [keys.own()] : keys.named() }

    /// Signs a statement, writes it, and says what it lacks.
    func sign(
        _ signed: SignedStatement,
        after chain: StatementChain?,
        in folder: StatementFolder
    ) throws {
        let now = UTCTime.now
        let statement = try parse(signed.bytes)
        let allowed = statement.keys.map(\.key) + (chain?.last.keys.map(\.key) ?? [])
        var signed = signed
        // Held to the end of the program: all files are written.
        let opened = try opened()
        Interruption.hold()
        for key in opened {
            let own = key.secret.publicKey
            guard allowed.contains(where: { $0.bytes == own.bytes }) else { throw PublisherError.notItsKey(own.id) }
            try signed.sign(with: key.secret, fileName: "\(statement.version).json", now: now)
        }
        let (file, lacking) = try folder.write(signed, statement, after: chain)
        StandardStream.output.writeLine("\(file): \(statement.name), statement \(statement.version)")
        guard lacking.isEmpty else {
            StandardStream.output.writeLine(
                "it counts when more of these keys have signed it, with fdl-sign publisher sign: "
                    + lacking.map(\.id.description).joined(separator: " ")
            )
            return
        }
        if statement.version == 1 {
            StandardStream.output.writeLine("fingerprint \(SHA256Digest(hashing: signed.bytes).hex)")
            StandardStream.output.writeLine("hand both to readers: fdl-secure trust add \(file)")
        } else {
            StandardStream.output.writeLine("readers follow it as soon as your servers have it, below publishers/")
        }
    }

    private func parse(_ bytes: [UInt8]) throws -> PublisherStatement {
        do throws(StatementError) { return try PublisherStatement(parsing: bytes) } catch {
            throw PublisherError.statement(error, path: "the statement")
        }
    }

    /// Makes the next statement, and signs it.
    func make(_ change: PublisherChange, in folder: StatementFolder) throws {
        let chain = try folder.chain()
        let next: PublisherStatement
        do throws(StatementError) { next = try change.next(after: chain.last, now: .now) } catch {
            throw PublisherError.statement(error, path: "the next statement")
        }
        try sign(SignedStatement(bytes: next.encoded, signatures: []), after: chain, in: folder)
    }
}

extension PublisherCommand {
    struct Init: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make the first statement.")

        @Argument(help: "What you call yourself as a publisher.")
        var name: ManifestName

        @Option(name: .shortAndLong, help: "The folder. By default publishers/NAME, here.")
        var output: String?

        @Option(
            help: ArgumentHelp("The public key of somebody else who signs. May be repeated.", valueName: "pub")
        )
        var with: [String] = []

        @Option(
            help: ArgumentHelp(
                "The public key that says that manifests are the newest. May be repeated.",
                valueName: "pub"
            )
        )
        var freshKey: [String] = []

        @OptionGroup var options: StatementOptions

        func run() throws {
            let folder = StatementFolder(output ?? "publishers/\(name)")
            guard folder.isEmpty else { throw PublisherError.thereAlready(path: folder.path) }
            let now = UTCTime.now
            let own = try options.opened().map(\.publicKey)
            var keys: [PublisherStatement.Key] = []
            for (key, role) in try own.map({ ($0, .sign) }) + with.map({ (try publicKey($0), .sign) })
                + freshKey.map({ (try publicKey($0), .fresh) }) as [(PublicKey, PublisherStatement.Role)]
            {
                if let index = keys.firstIndex(where: { $0.key.bytes == key.bytes }) {
                    keys[index] = .init(key, roles: keys[index].roles.union([role]))
                } else {
                    keys.append(.init(key, roles: [role]))
                }
            }
            let expires = options.expires.map { UTCTime(secondsSince1970: now.secondsSince1970 + $0.seconds) }
            let statement: PublisherStatement
            do throws(StatementError) {
                statement = try PublisherStatement(
                    name: name,
                    version: 1,
                    created: now,
                    expires: expires,
                    keys: keys,
                    threshold: options.threshold ?? 1,
                    maximumAge: options.maximumAge?.seconds
                )
            } catch {
                throw PublisherError.statement(error, path: "the first statement")
            }
            try options.sign(SignedStatement(bytes: statement.encoded, signatures: []), after: nil, in: folder)
        }
    }

    struct AddKey: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add-key",
            abstract: "Make the next statement, which names one more key."
        )

        @Argument(help: "The folder of the statements: publishers/NAME.")
        var folder: String

        @Argument(help: "The public key, or its second line.")
        var key: String

        @Option(help: "What the key is for: sign, or fresh (see fdl-sign refresh).")
        var role: PublisherStatement.Role = .sign

        @OptionGroup var options: StatementOptions

        func run() throws {
            var change = options.change
            change.keys = .add(try publicKey(key), roles: [role])
            try options.make(change, in: StatementFolder(folder))
        }
    }

    struct RemoveKey: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove-key",
            abstract: "Make the next statement, which no longer names a key: readers refuse it from then on.",
            discussion: """
                A key that was stolen is removed, and with it everything that it alone has signed. A key that was merely \
                laid aside is retired (--retired): what it has signed so far, of the manifests below --manifests, keeps \
                counting.
                """
        )

        @Argument(help: "The folder of the statements: publishers/NAME.")
        var folder: String

        @Argument(help: "The key's id, its .pub file, or that file's second line.")
        var key: String

        @Flag(help: "What it has signed so far stays valid.")
        var retired = false

        @Option(help: ArgumentHelp("Where the manifests lie that it has signed. May be repeated.", valueName: "dir"))
        var manifests: [String] = []

        @OptionGroup var options: StatementOptions

        func validate() throws {
            if retired, manifests.isEmpty { throw ValidationError("--retired needs --manifests") }
        }

        func run() throws {
            let statements = StatementFolder(folder)
            let named = try statements.chain().last.keys.map(\.key)
            let given = try? publicKey(key)
            guard let found = named.first(where: { $0.bytes == given?.bytes || $0.id.description == key.uppercased() })
            else { throw PublisherError.unknownKey(key) }
            var change = options.change
            change.keys = .remove(found)
            if retired {
                var until: [ManifestName: Int64] = [:]
                for directory in manifests {
                    for signed in try SignedManifests(beneath: directory).all where signed.isSigned(by: found) {
                        let (name, version) = (signed.manifest.name, signed.manifest.version)
                        until[name] = max(version, until[name] ?? version)
                    }
                }
                change.keys = .retire(found, until: until)
                for (name, version) in until.sorted(by: { $0.key.string < $1.key.string }) {
                    StandardStream.output.writeLine("\(name): valid up to version \(version)")
                }
            }
            try options.make(change, in: statements)
        }
    }

    struct Sign: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Sign the statement that waits for signatures, or make the next one with another threshold or date."
        )

        @Argument(help: "The folder of the statements: publishers/NAME.")
        var folder: String

        @OptionGroup var options: StatementOptions

        func run() throws {
            let statements = StatementFolder(folder)
            if options.isChange { return try options.make(options.change, in: statements) }
            let chain: StatementChain?
            do throws(PublisherError) { chain = try statements.chain() } catch {
                // The first one may wait itself.
                guard case .nothingThere = error else { throw error }
                chain = nil
            }
            guard let waiting = try statements.waiting(chain?.last.version ?? 0) else {
                throw PublisherError.nothingWaits(path: folder)
            }
            try options.sign(waiting, after: chain, in: statements)
        }
    }
}

extension PublisherStatement.Role: ExpressibleByArgument {}

/// A public key that a file or the argument itself holds.
private func publicKey(_ argument: String) throws(KeyRingError) -> PublicKey {
    if let key = try? PublicKey(minisign: argument) { return key }
    return try KeyFile.publicKey(argument)
}
