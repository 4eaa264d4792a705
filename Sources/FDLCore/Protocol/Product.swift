/// What this is, for whoever asks: `--version`, and HTTP's User-Agent and Server (RFC 9110, sections 10.1.5 and 10.2.4).
package enum Product {
    /// As semver.org has it.
    package static let version = "0.1.0"
}
