package import FDLCore
import FDLSystem
import Glibc

// What lets a command through to servers, by its options and its environment.

extension Netrc {
    /// The logins that `--netrc-file` or `--netrc` ask for; none without either. Reads the file, which may be a pipe.
    /// - Throws: `Failure` (78) if there is no home to look in, or the file cannot be read.
    package static func asked(file: String?, atHome: Bool) throws(Failure) -> Netrc {
        let path: String? = if let file { file } else if atHome { try pathAtHome() } else { nil }
        guard let path else { return .empty }
        return try explaining(for: .settings) { () throws(SystemError) in
            Netrc(try WholeFile.read(path, limit: Netrc.maximumBytes))
        }
    }

    private static func pathAtHome() throws(Failure) -> String {
        guard let home = getenv("HOME").map({ String(cString: $0) }), !home.isEmpty else {
            throw Failure(.configuration, "--netrc: HOME is not set", hint: "name the file with --netrc-file")
        }
        return home + "/.netrc"
    }
}

extension ProxySettings {
    /// By `--proxy` and the environment of this process.
    /// - Throws: `Failure` (64, 78) if what counts does not name a proxy.
    package static func asked(_ given: String?) throws(Failure) -> ProxySettings {
        try explaining { () throws(ProxySettingsError) in
            try ProxySettings(given: given) { name in getenv(name).map { String(cString: $0) } }
        }
    }
}
