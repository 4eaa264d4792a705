import FDLCore

/// What the readers of signed documents have in common.
enum DocumentReader {
    /// Reads an object that has an exact `format`, and hands each other member to `member`, which must read or skip it.
    static func read(
        _ bytes: UnsafeRawBufferPointer,
        format: String,
        _ member: (String, inout JSONReader) throws(ManifestError) -> Void
    ) throws(ManifestError) {
        var reader = JSONReader(bytes)
        var hasFormat = false
        reader.skipWhitespace()
        try reader.object("the document") { (field, reader) throws(ManifestError) in
            guard field == "format" else { return try member(field, &reader) }
            let found = try reader.string(field)
            guard found == format else {
                throw .invalidField(field, reason: "it is \(JSONText.quoted(shortened(found))), not \"\(format)\"")
            }
            hasFormat = true
        }
        try reader.end()
        guard hasFormat else { throw .missingField("format") }
    }

    static func name(_ field: String, _ reader: inout JSONReader) throws(ManifestError) -> ManifestName {
        let text = try reader.string(field)
        guard let name = ManifestName(text) else { throw .invalidName(text) }
        return name
    }

    /// A whole number from 1 to 2^53 - 1.
    static func version(_ field: String, _ reader: inout JSONReader) throws(ManifestError) -> Int64 {
        guard let value = try reader.integer(field), Manifest.allowedVersions.contains(value) else {
            throw .versionOutOfRange
        }
        return value
    }

    static func number(_ field: String, _ reader: inout JSONReader) throws(ManifestError) -> Int64 {
        guard let value = try reader.integer(field) else {
            throw .invalidField(field, reason: "it is too large a number")
        }
        return value
    }

    static func time(_ field: String, _ reader: inout JSONReader) throws(ManifestError) -> UTCTime {
        let text = try reader.string(field)
        guard let time = UTCTime(text) else { throw .invalidTime(field: field, value: text) }
        return time
    }

    static func digest(_ field: String, _ reader: inout JSONReader) throws(ManifestError) -> SHA256Digest {
        guard let digest = SHA256Digest(hex: try reader.string(field)) else {
            throw .invalidField(field, reason: "it is not 64 lowercase hexadecimal digits")
        }
        return digest
    }
}
