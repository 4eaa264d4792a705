import ArgumentParser
import FDLClient
import FDLCommand
import FDLCore
import FDLSystem

/// Proxies, and what sources are shown in order to be let in.
struct AccessOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A proxy, http:// or socks5h://, instead of that of HTTPS_PROXY or ALL_PROXY; empty for none.",
            valueName: "url"
        )
    )
    var proxy: String?

    @Option(
        help: ArgumentHelp(
            "A header field 'NAME: VALUE' for the servers named here, or @FILE with one a line; no other is sent it.",
            valueName: "field"
        )
    )
    var header: [String] = []

    @Flag(help: "Take logins from ~/.netrc, each for the host that it names.")
    var netrc = false

    @Option(
        help: ArgumentHelp("Take logins from this file instead of ~/.netrc.", valueName: "file"),
        completion: .file()
    )
    var netrcFile: String?

    /// Reads the files that are named, which may be pipes: to be called once a run.
    /// - Parameters:
    ///   - named: the origins that the command line names.
    ///   - registries: those of them that are OCI registries.
    /// - Throws: `Failure` if a file cannot be read, or a field or the proxy cannot be used.
    func access(to named: Set<Origin>, registries: Set<Origin>) throws(Failure) -> SourceAccess {
        let proxies = try ProxySettings.asked(proxy)
        let credentials = Credentials(
            fields: try fields(),
            named: named,
            registries: registries,
            netrc: try .asked(file: netrcFile, atHome: netrc)
        )
        return SourceAccess(credentials: credentials, proxies: proxies)
    }

    private func fields() throws(Failure) -> [SecretField] {
        var fields: [SecretField] = []
        for text in header {
            guard text.hasPrefix("@") else {
                fields.append(try field(text, in: "--header"))
                continue
            }
            let path = String(text.dropFirst())
            let bytes = try explaining(for: .settings) { () throws(SystemError) in
                try WholeFile.read(path, limit: SecretField.maximumCount * (SecretField.maximumBytes + 2))
            }
            for (number, line) in String(decoding: bytes, as: UTF8.self).split(
                omittingEmptySubsequences: false,
                whereSeparator: \.isNewline
            ).enumerated() where !line.allSatisfy(\.isWhitespace) {
                fields.append(try field(String(line), in: "line \(number + 1) of \(path)"))
            }
        }
        guard fields.count <= SecretField.maximumCount else {
            throw Failure(
                .usage,
                "\(fields.count) header fields are given, and \(SecretField.maximumCount) at most are sent",
                hint: "leave some of them out"
            )
        }
        return fields
    }

    private func field(_ text: String, in place: String) throws(Failure) -> SecretField {
        do throws(SecretFieldError) { return try SecretField(text) } catch {
            throw Failure(.usage, "\(place) is not a header field: \(error)", hint: "it looks like 'NAME: VALUE'")
        }
    }
}
