import ArgumentParser
import FDLClient
import FDLCommand
import FDLCore
import FDLCrypto
import FDLSystem
import FDLTrust

struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what a manifest says, who signed it, and with --probe how its sources are.",
        discussion: Helps.inspect.discussion
    )

    @Argument(help: ManifestOptions.argumentHelp, completion: .file())
    var manifest: String

    @OptionGroup(title: "WHOSE SIGNATURE") var trust: ManifestOptions
    @OptionGroup(title: "SOURCES") var sources: SourceOptions
    @OptionGroup(title: "PROXIES AND LOGINS") var accessOptions: AccessOptions

    @Flag(help: "Ask each source for some of the chunks: how it answers, and how much it has.")
    var probe = false

    @Flag(help: "One JSON object a line on standard output.")
    var json = false

    func run() async throws {
        let reporter = Reporter(json: json, quiet: true)
        defer { reporter.endProgress() }
        let isURL = ManifestOptions.isURL(manifest)
        let access = isURL || probe ? try sources.access(accessOptions, manifests: [manifest]) : SourceAccess()
        let accepted = try await trust.load(manifest, sources, access, reporter, onlyLooks: true)
        let verified = accepted.verified
        let all = try sources.all(of: verified.manifest, fetchedFrom: accepted.worker)
        let now = UTCTime.now
        let description = ManifestDescription(verified: verified, sources: all, now: now)
        if json { write(description.json.description) } else { for line in description.lines { write(line) } }
        guard probe else { return }
        let asking = try SourceProbe(tls: try sources.tls(of: verified.manifest), access: access)
        let findings = await withTaskGroup(of: (Int, SourceProbe.Finding).self) { group in
            for (index, source) in all.enumerated() {
                group.addTask { (index, await asking.ask(source, for: verified.manifest)) }
            }
            var findings: [Int: SourceProbe.Finding] = [:]
            for await (index, finding) in group { findings[index] = finding }
            return findings
        }
        for (index, source) in all.enumerated() {
            guard let finding = findings[index] else { continue }
            let shown = ProbeText(source: source, finding: finding, now: now)
            if json { write(shown.json.description) } else { for line in shown.lines { write(line) } }
        }
    }

    private func write(_ line: String) { StandardStream.output.writeLine(line) }
}

/// What a manifest says, for people and for programs.
struct ManifestDescription {
    let verified: VerifiedManifest
    let sources: [Manifest.Source]
    let now: UTCTime

    private var manifest: Manifest { verified.manifest }

    var lines: [String] {
        let size = "\(ByteCount.text(manifest.totalBytes)) (\(manifest.totalBytes) bytes)"
        let chunks = "\(manifest.digests.count) chunks of \(ByteCount.text(Int64(manifest.chunkSize.bytes)))"
        var facts = [
            ("name", manifest.name.string), ("version", "\(manifest.version)"),
            ("signature", SignerName.phrase(SignerName(of: verified))),
        ]
        if let key = verified.signer { facts.append(("key", key.minisignLine)) }
        if let comment = verified.trustedComment { facts.append(("comment", comment)) }
        facts += [
            ("created", manifest.created.shown(from: now)), ("expires", expiry),
            ("files", "\(manifest.files.count), \(size) in \(chunks)"),
        ]
        if let trust = manifest.trust {
            if trust.certificateAuthority != nil { facts.append(("trust", "a certificate authority of its own")) }
            facts += trust.pins.map { ("pin", $0) }
        }
        facts += sources.map { ($0.kind.rawValue, "\($0.url)") }
        return facts.map { Columns.line($0.0, $0.1) }
    }

    private var expiry: String {
        guard let expires = manifest.expires else { return "never" }
        return expires.shown(from: now) + (expires <= now ? ": EXPIRED, ask the publisher for a newer one" : "")
    }

    var json: JSONValue {
        [
            "event": "manifest", "name": .text(manifest.name.string), "version": .number(Int(manifest.version)),
            "signer": SignerName(of: verified).map(\.json) ?? .null,
            "key": verified.signer.map { .text($0.minisignLine) } ?? .null,
            "comment": verified.trustedComment.map { .text($0) } ?? .null,
            "created": .text("\(manifest.created)"), "expires": manifest.expires.map { .text("\($0)") } ?? .null,
            "expired": .boolean(manifest.expires.map { $0 <= now } ?? false),
            "files": .number(manifest.files.count), "bytes": .number(Int(manifest.totalBytes)),
            "chunks": .number(manifest.digests.count), "chunkSize": .number(manifest.chunkSize.bytes),
            "sources": .list(sources.map { ["url": .text("\($0.url)"), "kind": .text($0.kind.rawValue)] }),
        ]
    }
}

/// What was found out about a source, for people and for programs.
struct ProbeText {
    let source: Manifest.Source
    let finding: SourceProbe.Finding
    let now: UTCTime

    /// What the person who asks may do about it; nil if all is well.
    var trouble: String? {
        if let fault = finding.fault { return "\(fault)" }
        if finding.held == 0, finding.redirected == 0 { return "it has nothing of this" }
        if let end = finding.certificateEnd, end <= now { return "its certificate has run out" }
        return nil
    }

    var holding: String {
        let unit = source.kind == .mirror ? "files" : "chunks"
        let led = finding.redirected > 0 ? ", and sends elsewhere for \(finding.redirected)" : ""
        return "has \(finding.held) of \(finding.asked) \(unit) that it was asked for\(led)"
    }

    var lines: [String] {
        var lines = [Columns.line("probe", "\(source.url)")]
        if let fault = finding.fault { lines.append(Columns.line("", "\(fault)")) }
        if let version = finding.tlsVersion {
            let end = finding.certificateEnd.map { "; its certificate ends \($0.shown(from: now))" } ?? ""
            lines.append(Columns.line("", version.rawValue + end))
        }
        let times = [
            ("connects in", finding.connecting), ("TLS", finding.handshake), ("answers in", finding.answering),
        ]
        .compactMap { name, time in time.map { "\(name) \(Int64($0 / .milliseconds(1))) ms" } }
        if !times.isEmpty { lines.append(Columns.line("", times.joined(separator: ", "))) }
        if finding.asked > 0 { lines.append(Columns.line("", holding)) }
        return lines
    }

    var json: JSONValue {
        [
            "event": "probe", "url": .text("\(source.url)"), "kind": .text(source.kind.rawValue),
            "tls": finding.tlsVersion.map { .text($0.rawValue) } ?? .null,
            "certificateEnd": finding.certificateEnd.map { .text("\($0)") } ?? .null,
            "connectSeconds": finding.connecting.map(JSONValue.seconds) ?? .null,
            "handshakeSeconds": finding.handshake.map(JSONValue.seconds) ?? .null,
            "answerSeconds": finding.answering.map(JSONValue.seconds) ?? .null,
            "asked": .number(finding.asked), "held": .number(finding.held),
            "redirected": .number(finding.redirected),
            "fault": finding.fault.map { .text("\($0)") } ?? .null,
        ]
    }
}

/// A label and what belongs to it, in columns.
enum Columns {
    static func line(_ label: String, _ value: String) -> String {
        label + String(repeating: " ", count: max(1, 11 - label.count)) + printable(value)
    }
}
