import ArgumentParser
import FDLClient
import FDLCommand
import FDLCore
import FDLSystem
import FDLTrust

extension TrustCommand {
    struct Update: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Get the statements that follow those you accept.",
            discussion: """
                Every get from a URL does so too, for the publisher of what it gets. Unless servers or folders are named, \
                each publisher's statements are asked of the servers that it was accepted from, or that have given \
                something it had signed.
                """
        )

        @Argument(help: "The publishers' labels. By default all whose statements you accept.")
        var labels: [String] = []

        @Option(
            help: ArgumentHelp("A folder with the publisher's statements: publishers/NAME of a tree.", valueName: "dir")
        )
        var from: [String] = []

        @OptionGroup(title: "SOURCES") var sources: SourceOptions
        @OptionGroup(title: "PROXIES AND LOGINS") var accessOptions: AccessOptions

        func run() async throws {
            let pinned = try TrustCommand.ring.pinnedPublishers(passedOver: TrustCommand.warn)
            for label in labels where !pinned.contains(where: { $0.label == label }) {
                throw KeyRingError.unknownPublisher(label)
            }
            let access = try sources.access(accessOptions, manifests: [])
            let tls = try sources.tls(of: nil)
            let named = try sources.trees()
            if pinned.isEmpty { StandardStream.output.writeLine("no publisher is accepted by a statement") }
            // One publisher's fault keeps nobody from the others' statements.
            var faults: [(label: String, failure: Failure)] = []
            for publisher in pinned where labels.isEmpty || labels.contains(publisher.label) {
                var places: [any StatementPlace] = from.map { StatementDirectory(withoutTrailingSlashes($0)) }
                let isNamed = !from.isEmpty || !named.isEmpty
                for tree in isNamed ? named : TrustCommand.ring.servers(of: publisher.chain.anchor) {
                    places.append(RemoteStatements(tree, tls: tls, access: access))
                }
                do throws(Failure) { try await update(publisher, from: places) } catch {
                    if error == .interrupted { throw error }
                    faults.append((publisher.label, error))
                }
            }
            guard let (_, last) = faults.popLast() else { return }
            for (label, failure) in faults {
                StandardStream.error.write("warning: \(label): \(printable(failure.message))\n")
            }
            throw last
        }

        private func update(_ publisher: PinnedPublisher, from places: [any StatementPlace]) async throws(Failure) {
            guard !places.isEmpty else {
                throw Failure(
                    .usage,
                    "it is not known where the statements of \(publisher.label) are to be had",
                    hint: "name a server of the publisher's with --server, or a folder with --from"
                )
            }
            var chain = publisher.chain
            let refused = try await StatementWalk(places).walk(&chain, keptIn: TrustCommand.ring)
            for error in refused { TrustCommand.warn(.statement(error, path: publisher.label)) }
            try explaining { () throws(StatementError) in try chain.last.check(now: .now) }
            let steps = chain.last.version - publisher.chain.last.version
            let news = steps == 0 ? "is the last" : "is \(steps) later than the one before"
            StandardStream.output.writeLine("\(publisher.label): statement \(chain.last.version) \(news)")
            if steps > 0 {
                for line in TrustCommand.keys(chain.last) { StandardStream.output.writeLine("  \(line)") }
            }
        }
    }
}
