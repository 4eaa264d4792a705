extension Manifest {
    /// The manifest's text: the same for the same value, a line a field and a line a file, and reading it back gives
    /// an equal value.
    public func encoded() -> [UInt8] {
        var out = JSONLines(capacity: 1024 + 67 * digests.count + 160 * files.count)
        out.raw("{\n  \"format\": ")
        out.string(Self.format)
        out.raw(",\n  \"name\": ")
        out.string(name.string)
        out.raw(",\n  \"version\": \(version),\n  \"created\": ")
        out.string(created.description)
        if let expires {
            out.raw(",\n  \"expires\": ")
            out.string(expires.description)
        }
        out.raw(",\n  \"hash\": ")
        out.string(Self.hash)
        out.raw(",\n  \"chunkSize\": \(chunkSize.bytes)")
        writeFiles(to: &out)
        writeSources(to: &out)
        writeTrust(to: &out)
        out.raw("\n}\n")
        return out.bytes
    }

    private func writeFiles(to out: inout JSONLines) {
        out.raw(",\n  \"files\": [")
        var next = 0
        for (index, file) in files.enumerated() {
            out.raw(index == 0 ? "\n    {\"path\": " : ",\n    {\"path\": ")
            out.string(file.path.string)
            out.raw(", \"size\": \(file.size), \"executable\": \(file.isExecutable)")
            if let sha256 = file.sha256 { out.raw(", \"sha256\": \"\(sha256.hex)\"") }
            out.raw(", \"chunks\": [")
            let end = next + Int(chunkSize.chunkCount(fileSize: file.size))
            for (position, digest) in digests[next..<end].enumerated() {
                out.raw(position == 0 ? "\"" : ",\"")
                out.hexadecimal(digest)
                out.raw("\"")
            }
            next = end
            out.raw("]}")
        }
        out.raw("\n  ]")
    }

    private func writeSources(to out: inout JSONLines) {
        guard !sources.isEmpty else { return }
        out.raw(",\n  \"sources\": [")
        for (index, source) in sources.enumerated() {
            out.raw(index == 0 ? "\n    {\"kind\": " : ",\n    {\"kind\": ")
            out.string(source.kind.rawValue)
            out.raw(", \"url\": ")
            out.string(source.url.description)
            out.raw("}")
        }
        out.raw("\n  ]")
    }

    private func writeTrust(to out: inout JSONLines) {
        guard let trust else { return }
        out.raw(",\n  \"trust\": {")
        if let authority = trust.certificateAuthority {
            out.raw("\"ca\": ")
            out.string(authority)
        }
        if !trust.pins.isEmpty {
            out.raw(trust.certificateAuthority == nil ? "\"pins\": [" : ", \"pins\": [")
            for (index, pin) in trust.pins.enumerated() {
                if index > 0 { out.raw(", ") }
                out.string(pin)
            }
            out.raw("]")
        }
        out.raw("}")
    }
}

/// JSON text under construction.
private struct JSONLines {
    private(set) var bytes: [UInt8] = []

    init(capacity: Int) {
        bytes.reserveCapacity(capacity)
    }

    mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }

    mutating func hexadecimal(_ digest: SHA256Digest) { digest.appendHex(to: &bytes) }

    mutating func string(_ text: String) { JSONText.append(text, to: &bytes) }
}
