package import FDLCore

/// What `--help` says of a command besides its options: examples to paste, files and variables, exit codes.
package struct HelpText {
    private let examples: [(command: String, meaning: String)]
    private let places: [Place]
    private let codes: [ExitCode]

    /// A file, a directory or a variable.
    package enum Place: CaseIterable, Sendable {
        case keys
        case versions
        case proxies
        case authorities
        case colours

        fileprivate var line: (name: String, meaning: String) {
            switch self {
            case .keys:
                (
                    "$XDG_CONFIG_HOME/fdl",
                    "~/.config/fdl: publisher.key, publisher.pub, and trusted/ with whom you trust"
                )
            case .versions:
                ("$XDG_STATE_HOME/fdl", "~/.local/state/fdl: the versions seen, so that no older one passes")
            case .proxies: ("HTTPS_PROXY, ALL_PROXY, NO_PROXY", "as curl takes them")
            case .authorities:
                ("SSL_CERT_FILE, SSL_CERT_DIR", "the system's certificate authorities, if not in their places")
            case .colours: ("NO_COLOR, TERM=dumb", "no colours; no line that is drawn over")
            }
        }
    }

    package init(
        examples: [(command: String, meaning: String)],
        places: [Place] = [],
        codes: [ExitCode]
    ) {
        self.examples = examples
        self.places = places
        self.codes = codes
    }

    /// The text that a command's help has below its first line.
    package var discussion: String {
        var parts = ["EXAMPLES:\n" + examples.map { "  \($0.command)\n      \($0.meaning)" }.joined(separator: "\n")]
        if !places.isEmpty {
            let lines = places.map(\.line).map { "  \($0.name)\n      \($0.meaning)" }
            parts.append("FILES AND ENVIRONMENT:\n" + lines.joined(separator: "\n"))
        }
        let meanings = ([.done] + codes).map { "  \($0.rawValue)  \(meaning($0))" }
        parts.append("EXIT CODES:\n" + meanings.joined(separator: "\n"))
        return parts.joined(separator: "\n\n")
    }

    private func meaning(_ code: ExitCode) -> String {
        // Only who fetches keeps what was fetched.
        let fetches = codes.contains(.noSource)
        return switch code {
        case .done: "done"
        case .usage: "the command line is wrong, or what is to be read is not there"
        case .integrity: "a signature or a digest does not hold, or a manifest has expired or is older than one seen"
        case .noSource: "no source can give some chunk; what was fetched is kept"
        case .cannotCreate: "the output cannot be created"
        case .localIO: "this machine's disk failed or is full" + (fetches ? "; what was fetched is kept" : "")
        case .interrupted: "interrupted" + (fetches ? "; the same command goes on where it stopped" : "")
        case .tls: "TLS or authentication failed, and no source is left"
        case .configuration: "a key, a certificate or a setting cannot be used"
        }
    }
}
