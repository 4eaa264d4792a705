import ArgumentParser
import FDLCore

/// An option of the command line that can also be set in a file or in the environment.
struct Setting: Hashable {
    /// As after `--`, which is also its name in a file.
    let name: String
    /// Whether it is on or off, without a value.
    let isFlag: Bool
    let isRepeating: Bool

    /// The variable of the environment that sets it.
    var variable: String { Self.prefix + String(name.map { $0 == "-" ? "_" : $0 }).uppercased() }

    static let prefix = "FDL_SERVER_"
    /// The file of settings is named by an option and a variable of its own.
    static let file = Setting(name: "config", isFlag: false, isRepeating: false)
    /// What is asked of one run of the program, rather than set.
    private static let ofOneRun: Set<String> = ["help", "version", "check", file.name]

    /// All settings of a command: its options, as it describes them itself.
    static func all(of command: any ParsableCommand.Type) -> [Setting] {
        var settings: [Setting] = []
        let bytes = Array(command._dumpHelp().utf8)
        try? bytes.withUnsafeBytes { bytes throws(ManifestError) in
            var reader = JSONReader(bytes)
            try reader.object("") { (name, reader) throws(ManifestError) in
                guard name == "command" else { return try reader.skipValue() }
                try reader.object(name) { (name, reader) throws(ManifestError) in
                    guard name == "arguments" else { return try reader.skipValue() }
                    try reader.array(name) { (reader) throws(ManifestError) in
                        if let setting = try read(&reader) { settings.append(setting) }
                    }
                }
            }
        }
        return settings.filter { !ofOneRun.contains($0.name) }
    }

    private static func read(_ reader: inout JSONReader) throws(ManifestError) -> Setting? {
        var kind = ""
        var names: [String] = []
        var isRepeating = false
        try reader.object("") { (name, reader) throws(ManifestError) in
            switch name {
            case "kind": kind = try reader.string(name)
            case "isRepeating": isRepeating = try reader.boolean(name)
            case "names":
                try reader.array(name) { (reader) throws(ManifestError) in
                    try reader.object("") { (member, reader) throws(ManifestError) in
                        if member == "name" { names.append(try reader.string(member)) } else { try reader.skipValue() }
                    }
                }
            default: try reader.skipValue()
            }
        }
        guard let name = names.max(by: { $0.count < $1.count }), kind == "flag" || kind == "option" else { return nil }
        return Setting(name: name, isFlag: kind == "flag", isRepeating: isRepeating)
    }
}
