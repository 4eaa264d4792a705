import ArgumentParser
import FDLCommand
import FDLCore
import FDLSystem

/// Everything that is set for the worker: on the command line, in the environment or in a file. The command line goes
/// before the environment, and that before the file, a setting at a time.
struct Settings {
    /// What a command line would have to be to say all of it.
    let arguments: [String]
    /// The values of each setting, by its name.
    let values: [String: [String]]
    /// Variables that look like settings and are none.
    let unknownVariables: [String]
    /// Where the settings that are not of the command line come from.
    private let origins: [String: String]

    /// - Parameters:
    ///   - commandLine: the arguments after the program's name.
    ///   - read: reads a file of settings.
    /// - Throws: `Failure` (78) for a file that cannot be read or says what it must not.
    init(
        commandLine: [String],
        environment: [String: String],
        settings: [Setting],
        read: (String) throws(Failure) -> [UInt8]
    ) throws(Failure) {
        let given = Self.given(commandLine)
        var origins: [String: String] = [:]
        var values = given
        var arguments: [String] = []
        func add(_ setting: Setting, _ found: [String], from origin: String) {
            guard values[setting.name] == nil else { return }
            values[setting.name] = found
            origins[setting.name] = origin
            arguments +=
                setting.isFlag
                ? (found == ["true"] ? ["--\(setting.name)"] : []) : found.map { "--\(setting.name)=\($0)" }
        }
        for setting in settings {
            guard let text = environment[setting.variable] else { continue }
            add(setting, try Self.values(of: setting, in: text), from: setting.variable)
        }
        if let path = given[Setting.file.name]?.last ?? environment[Setting.file.variable] {
            let file = try SettingsFile.parse(try read(path), path: path, settings: settings)
            for setting in settings { if let found = file[setting] { add(setting, found, from: path) } }
        }
        let known = Set(settings.map(\.variable) + [Setting.file.variable])
        unknownVariables = environment.keys.filter { $0.hasPrefix(Setting.prefix) && !known.contains($0) }.sorted()
        self.arguments = arguments + commandLine
        self.values = values
        self.origins = origins
    }

    /// The settings of this process as they are now.
    static func current() throws(Failure) -> Settings {
        try Settings(
            commandLine: Array(CommandLine.arguments.dropFirst()),
            environment: EnvironmentVariables.all,
            settings: Setting.all(of: ServeCommand.self)
        ) { path throws(Failure) in
            do throws(SystemError) {
                return try WholeFile.read(path, limit: SettingsFile.mostBytes)
            } catch {
                throw Failure(
                    .configuration,
                    "the file of settings cannot be read: \(error)",
                    hint: "check the path of --config, and let this program's user read it"
                )
            }
        }
    }

    /// What is different in `other`, in words.
    func changes(to other: Settings) -> [(name: String, text: String)] {
        Set(values.keys).union(other.values.keys).sorted().compactMap { name in
            let (old, new) = (values[name], other.values[name])
            guard old != new else { return nil }
            func text(_ values: [String]?) -> String { values.map { $0.joined(separator: ", ") } ?? "not set" }
            return (name, "\(name): \(text(old)) -> \(text(new))")
        }
    }

    /// Says in a parser's message where the option that it names comes from, if not from the command line.
    func explained(_ message: String) -> String {
        let name = origins.keys.filter { message.contains("--\($0)") }.max { $0.count < $1.count }
        guard let name, let origin = origins[name] else { return message }
        return "\(message) (\(name) is set by \(printable(origin)))"
    }

    /// The options of a command line, with their values.
    private static func given(_ commandLine: [String]) -> [String: [String]] {
        var found: [String: [String]] = [:]
        var last: String?
        for argument in commandLine {
            if argument == "--" { break }
            guard argument.hasPrefix("--") else {
                if let name = last { found[name, default: []].append(argument) }
                last = nil
                continue
            }
            let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            found[name, default: []] += parts.count == 2 ? [String(parts[1])] : []
            last = parts.count == 2 ? nil : name
        }
        return found
    }

    private static func values(of setting: Setting, in text: String) throws(Failure) -> [String] {
        if setting.isRepeating, !setting.isFlag { return text.split(separator: ",").map(String.init) }
        guard setting.isFlag else { return [text] }
        switch text.lowercased() {
        case "true", "yes", "on", "1": return ["true"]
        case "false", "no", "off", "0", "": return ["false"]
        default:
            throw Failure(
                .configuration,
                "\(setting.variable) is neither true nor false: \(printable(text))",
                hint: "set it to true or false"
            )
        }
    }
}
