import FDLCore

/// A file of settings: a JSON object whose members are named as the options are, without their dashes.
///
///     {"listen": ["[::]:443"], "cert": ["/etc/fdl/cert.pem"], "root": "/srv", "idle-timeout": 30, "json-log": true}
enum SettingsFile {
    /// More is no file of settings.
    static let mostBytes = 1 << 20

    /// Reads what a file sets: the values of an option, or for a flag `true` or `false`.
    /// - Parameter path: for messages.
    /// - Throws: `Failure` (78) for what is no JSON, a name that is no setting, or a value of the wrong kind.
    static func parse(_ bytes: [UInt8], path: String, settings: [Setting]) throws(Failure) -> [Setting: [String]] {
        let known = Dictionary(uniqueKeysWithValues: settings.map { ($0.name, $0) })
        var found: [Setting: [String]] = [:]
        var unknown: [String] = []
        do throws(ManifestError) {
            guard String(validating: bytes, as: UTF8.self) != nil else { throw ManifestError.notUTF8 }
            try bytes.withUnsafeBufferPointer { bytes throws(ManifestError) in
                var reader = JSONReader(UnsafeRawBufferPointer(bytes))
                reader.skipWhitespace()
                try reader.object("") { (name, reader) throws(ManifestError) in
                    guard let setting = known[name] else {
                        unknown.append(name)
                        return try reader.skipValue()
                    }
                    found[setting] = try values(of: setting, &reader)
                }
                try reader.end()
            }
        } catch {
            throw Failure(
                .configuration,
                "\(printable(path)) is no file of settings: \(reason(error))",
                hint: "write a JSON object whose members are named as the options of --help are, without the dashes"
            )
        }
        guard unknown.isEmpty else {
            let names = unknown.map(printable).joined(separator: ", ")
            let nearest = unknown.count == 1 ? nearest(to: unknown[0], among: settings) : nil
            throw Failure(
                .configuration,
                "\(printable(path)) sets what is no setting: \(names)",
                hint: nearest.map { "\($0) may be meant; --help lists all" }
                    ?? "see --help: a setting is named as its option is, without the dashes"
            )
        }
        return found
    }

    private static func values(of setting: Setting, _ reader: inout JSONReader) throws(ManifestError) -> [String] {
        if setting.isFlag { return [try reader.boolean(setting.name) ? "true" : "false"] }
        guard setting.isRepeating else { return [try value(of: setting, &reader, "a text or a number")] }
        var values: [String] = []
        var attempt = reader
        do throws(ManifestError) {
            try attempt.array(setting.name) { (reader) throws(ManifestError) in
                values.append(try value(of: setting, &reader, "a list of texts"))
            }
            reader = attempt
        } catch .invalidField(_, "it is not an array") {
            return [try value(of: setting, &reader, "a text or a list of texts")]
        }
        return values
    }

    private static func value(
        of setting: Setting,
        _ reader: inout JSONReader,
        _ wanted: String
    ) throws(ManifestError) -> String {
        var attempt = reader
        if let text = try? attempt.string(setting.name) {
            reader = attempt
            return text
        }
        attempt = reader
        if let number = try? attempt.integer(setting.name) {
            reader = attempt
            return "\(number)"
        }
        try reader.skipValue()
        throw .invalidField(setting.name, reason: "it is not \(wanted)")
    }

    /// What is wrong, without a word of manifests.
    private static func reason(_ error: ManifestError) -> String {
        switch error {
        case .malformedJSON(let offset, let reason): "at byte \(offset) \(reason)"
        case .duplicateField(let name): "\(printable(name)) stands in it twice"
        case .invalidField("", _): "it is not a JSON object"
        case .invalidField(let name, let reason): "\(printable(name)): \(reason)"
        case .notUTF8: "it is not UTF-8"
        default: "\(error)"
        }
    }

    /// The setting that a misspelt name is closest to, if no more than two letters are wrong, too many or too few.
    private static func nearest(to name: String, among settings: [Setting]) -> String? {
        let wanted = Array(name.lowercased().utf8.prefix(64))
        let distances = settings.map { (name: $0.name, distance: distance(wanted, Array($0.name.utf8))) }
        let nearest = distances.min { $0.distance < $1.distance }
        return nearest.flatMap { $0.distance <= 2 ? $0.name : nil }
    }

    /// How many bytes have to be replaced, added or removed to make one text of the other (Levenshtein).
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (number, byte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = number + 1
            for column in right.indices {
                let replaced = diagonal + (byte == right[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
            }
        }
        return row[right.count]
    }
}
