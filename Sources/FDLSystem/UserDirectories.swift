/// Where this user's settings and state lie (XDG Base Directory Specification).
public struct UserDirectories: Sendable, Hashable {
    /// `$XDG_CONFIG_HOME/fdl`, `~/.config/fdl` by default: keys and trusted publishers.
    public let configuration: String
    /// `$XDG_STATE_HOME/fdl`, `~/.local/state/fdl` by default: the versions seen.
    public let state: String

    /// - Parameter environment: the process's variables. A base directory that is not absolute counts as unset, as the
    ///   specification wants.
    public init(environment: [String: String]) {
        func base(_ variable: String, _ fallback: String) -> String {
            if let value = environment[variable], value.hasPrefix("/") { return value }
            return "\(environment["HOME"] ?? "")/\(fallback)"
        }
        configuration = base("XDG_CONFIG_HOME", ".config") + "/fdl"
        state = base("XDG_STATE_HOME", ".local/state") + "/fdl"
    }
}
