public import FDLCore
import Glibc

/// Where this user's settings and state lie (XDG Base Directory Specification).
///
/// Nothing is looked up before it is asked for: a user who names keys and state by other means needs no home.
public struct UserDirectories: Sendable {
    private let environment: [String: [UInt8]]
    private let accountHome: @Sendable () -> [UInt8]?

    /// - Parameters:
    ///   - environment: the process's variables, as bytes. An empty one counts as unset.
    ///   - accountHome: the home directory of the account, asked if HOME is unset; nil if it has none.
    public init(environment: [String: [UInt8]], accountHome: @escaping @Sendable () -> [UInt8]? = { nil }) {
        self.environment = environment
        self.accountHome = accountHome
    }

    public init(environment: [String: String]) {
        self.init(environment: environment.mapValues { Array($0.utf8) })
    }

    /// `$XDG_CONFIG_HOME/fdl`, `~/.config/fdl` by default: keys and trusted publishers.
    public var configuration: String {
        get throws(UserDirectoryError) { try base("XDG_CONFIG_HOME", ".config") + "/fdl" }
    }

    /// `$XDG_STATE_HOME/fdl`, `~/.local/state/fdl` by default: the versions seen.
    public var state: String {
        get throws(UserDirectoryError) { try base("XDG_STATE_HOME", ".local/state") + "/fdl" }
    }

    private func base(_ variable: String, _ fallback: String) throws(UserDirectoryError) -> String {
        func refusal(_ reason: UserDirectoryError.Reason) -> UserDirectoryError {
            UserDirectoryError(variable: variable, reason: reason)
        }
        func path(_ bytes: [UInt8], of source: String) throws(UserDirectoryError) -> String {
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw refusal(.notUTF8(source, shown: escaped(bytes)))
            }
            guard bytes.first == UInt8(ascii: "/") else { throw refusal(.notAbsolute(source, text)) }
            return text
        }
        if let bytes = value(variable) { return try path(bytes, of: variable) }
        let home: String
        if let bytes = value("HOME") {
            home = try path(bytes, of: "HOME")
        } else {
            guard let bytes = accountHome(), !bytes.isEmpty else { throw refusal(.noHome) }
            home = try path(bytes, of: "the account's home directory")
        }
        if let reason = Self.fault(of: home) { throw refusal(reason) }
        return "\(home)/\(fallback)"
    }

    /// Why a home is none; what cannot be looked at is told when it is used.
    private static func fault(of home: String) -> UserDirectoryError.Reason? {
        do throws(SystemError) {
            let status = try FileStatus(path: home)
            guard status.kind == .directory else { return .homeMissing(home) }
            return try status.identity == FileStatus(path: "/").identity ? .homeIsRoot(home) : nil
        } catch {
            return error.isNotFound ? .homeMissing(home) : nil
        }
    }

    private func value(_ variable: String) -> [UInt8]? {
        environment[variable].flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// Why it is not known where this user's settings or state lie.
public struct UserDirectoryError: Error, Sendable, Hashable {
    /// The variable that says where, whatever the home directory is.
    public let variable: String
    public let reason: Reason

    public enum Reason: Sendable, Hashable {
        /// HOME is unset, and the account is unknown or has no home directory.
        case noHome
        /// A service or a container without a home: what is put there is lost, or everybody's.
        case homeIsRoot(String)
        /// Not there, or not a directory. Homes are made by those who make accounts.
        case homeMissing(String)
        /// The first is the variable, or whatever else says it.
        case notAbsolute(String, String)
        case notUTF8(String, shown: String)
    }
}

extension UserDirectoryError: Explained {
    /// What a command says.
    public var failure: Failure {
        let way = "set \(variable) to the absolute path of a directory that outlives this run"
        return switch reason {
        case .noHome:
            Failure(.configuration, "there is no home directory: HOME is not set, and the account has none", hint: way)
        case .homeIsRoot(let home):
            Failure(.configuration, "the home directory is \(home), which is nobody's own", hint: way)
        case .homeMissing(let home):
            Failure(.configuration, "there is no home directory: \(home) is no directory", hint: way)
        case .notAbsolute(let source, let path):
            Failure(.configuration, "\(source) is \"\(path)\", which is not an absolute path", hint: way)
        case .notUTF8(let source, let shown):
            Failure(.usage, "\(source) is \"\(shown)\", which is not UTF-8", hint: "\(way) and whose name is UTF-8")
        }
    }
}
