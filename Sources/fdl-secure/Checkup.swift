import FDLClient
import FDLCommand
import FDLCore
import FDLOpenSSL
import FDLSystem
import FDLTrust
import Glibc

/// What `doctor` looks at.
enum Checkup {
    /// How something is.
    enum Grade: String {
        case good
        /// Works, but a person may want to know.
        case doubtful
        /// Keeps downloads from working.
        case bad
    }

    struct Finding {
        let grade: Grade
        let what: String
        let said: String
        /// What to do about it.
        let advice: String?
        let exitCode: ExitCode

        init(
            _ grade: Grade,
            _ what: String,
            _ said: String,
            _ advice: String? = nil,
            _ exitCode: ExitCode = .configuration
        ) {
            self.grade = grade
            self.what = what
            self.said = said
            self.advice = advice
            self.exitCode = exitCode
        }

        var json: JSONValue {
            [
                "event": "finding", "grade": .text(grade.rawValue), "what": .text(what), "said": .text(said),
                "advice": grade == .good ? .null : advice.map { .text($0) } ?? .null,
            ]
        }
    }

    // MARK: This machine

    static func machine() -> [Finding] { [library(), processor(), clock(), descriptors(), authorities()] }

    private static func library() -> Finding { Finding(.good, "library", OpenSSLLibrary.version) }

    private static func processor() -> Finding {
        let all = Machine.instructions
        let lacking = all.filter { !$0.isThere }.map(\.name)
        let cores = "\(Processors.usable) cores"
        guard !lacking.isEmpty else {
            return Finding(.good, "processor", "\(cores), with \(all.map(\.name).joined(separator: ", "))")
        }
        let advice =
            "nothing is wrong, but hashing or TLS is slower; a virtual machine may be given the host's processor"
        return Finding(.doubtful, "processor", "\(cores), without \(lacking.joined(separator: ", "))", advice)
    }

    private static func clock() -> Finding {
        let now = UTCTime.now
        // Certificates and manifests that are made today would all be of the future.
        guard now.secondsSince1970 > 1_750_000_000 else {
            return Finding(.bad, "clock", "\(now), which is past", "set it, with timedatectl set-ntp true for instance")
        }
        guard Machine.isClockSynchronised == false else { return Finding(.good, "clock", "\(now)") }
        let advice = "compare it with another's; timedatectl set-ntp true lets a time server set it"
        return Finding(.doubtful, "clock", "\(now), which no time server has set", advice)
    }

    private static func descriptors() -> Finding {
        let limit = ProcessLimits.descriptorLimit
        let said = "\(limit) files and connections may be open"
        let advice = "raise it: ulimit -n 4096, or LimitNOFILE in a unit"
        return Finding(limit >= 1024 ? .good : limit >= 128 ? .doubtful : .bad, "descriptors", said, advice)
    }

    private static func authorities() -> Finding {
        let places = OpenSSLLibrary.authorityPlaces
        let file = (try? FileStatus(path: places.file))?.size ?? 0
        let count = (try? FileTree.regularFiles(beneath: places.directory, descend: { _ in false }))?.files.count ?? 0
        guard file == 0 else { return Finding(.good, "authorities", places.file) }
        let links = (try? FileTree.regularFiles(beneath: places.directory, descend: { _ in false }))?.skipped.count ?? 0
        guard count + links == 0 else { return Finding(.good, "authorities", places.directory) }
        return Finding(
            .doubtful,
            "authorities",
            "there are none in \(places.file) nor in \(places.directory)",
            "install the package ca-certificates; sources of a private CA need --cacert, or a manifest that names it"
        )
    }

    // MARK: Whom this user trusts

    static func trust() -> [Finding] {
        let directories = UserDirectories.current
        let configuration: String
        let state: String
        do throws(UserDirectoryError) {
            configuration = try directories.configuration
            state = try directories.state
        } catch {
            return [Finding(.bad, "directories", error.failure.message, error.failure.hint)]
        }
        return [publishers(KeyRing(directories: directories)), permissions(configuration), versions(state)]
    }

    private static func publishers(_ ring: KeyRing) -> Finding {
        do throws(KeyRingError) {
            let own = try ring.ownPublicKey() == nil ? 0 : 1
            let labels = try ring.trustedPublishers().map(\.label)
            guard own + labels.count > 0 else {
                return Finding(
                    .doubtful,
                    "publishers",
                    "none is trusted yet",
                    "fdl-secure trust add KEY.pub, with the key that the publisher gave you"
                )
            }
            return Finding(.good, "publishers", (labels + (own > 0 ? ["you"] : [])).joined(separator: ", "))
        } catch {
            return Finding(.bad, "publishers", error.failure.message, error.failure.hint)
        }
    }

    private static func permissions(_ configuration: String) -> Finding {
        let places = [configuration, configuration + "/trusted"]
        guard let open = places.first(where: { Machine.isOpenToWriters($0) == true }) else {
            return Finding(.good, "trust store", configuration)
        }
        return Finding(
            .bad,
            "trust store",
            "others can write to \(open), and so decide whom you trust",
            "chown it to yourself and chmod go-w it, then look through fdl-secure trust list"
        )
    }

    private static func versions(_ state: String) -> Finding {
        var place = state
        while (try? FileStatus(path: place)) == nil, place != "/" { place = Directory.containing(place) }
        guard Machine.canWrite(place) else {
            return Finding(
                .bad,
                "versions",
                "\(place) is not writable, where the versions seen are kept",
                "make it writable, or set XDG_STATE_HOME to another directory"
            )
        }
        return Finding(.good, "versions", state)
    }

    // MARK: The way to sources

    static func proxies(given: String?) -> [Finding] {
        let environment = { (name: String) in getenv(name).map { String(cString: $0) } }
        do throws(ProxySettingsError) { _ = try ProxySettings(given: given, environment: environment) } catch {
            return [Finding(.bad, "proxy", error.failure.message, error.failure.hint, error.failure.exitCode)]
        }
        let set = ProxySettings.variables.first { !(environment($0) ?? "").isEmpty }
        if let given { return [Finding(.good, "proxy", given.isEmpty ? "none" : shownURL(given))] }
        guard let set else { return [Finding(.good, "proxy", "none")] }
        return [Finding(.good, "proxy", "\(shownURL(environment(set) ?? "")), from \(set)")]
    }

    /// - Parameter hint: what to do about the source's fault, if it has one.
    static func source(_ probed: ProbeText, hint: String?) -> [Finding] {
        let name = "\(probed.source.url)"
        var findings: [Finding] = []
        if let trouble = probed.trouble {
            let advice = hint ?? "ask whoever runs it, or leave it out"
            findings.append(Finding(.bad, "source", "\(name): \(trouble)", advice, .noSource))
        } else {
            findings.append(Finding(.good, "source", "\(name) \(probed.holding)"))
        }
        let week: Int64 = 7 * 86_400
        if let end = probed.finding.certificateEnd, end > probed.now,
            end.secondsSince1970 - probed.now.secondsSince1970 < week
        {
            let said = "\(name): its certificate ends \(end.shown(from: probed.now))"
            findings.append(Finding(.doubtful, "source", said, "whoever runs it has to renew it"))
        }
        if let clock = probed.finding.clock, abs(clock.secondsSince1970 - probed.now.secondsSince1970) > 300 {
            let said = "\(name) says that it is \(clock), and this machine \(probed.now)"
            findings.append(Finding(.doubtful, "clock", said, "set the one that is wrong"))
        }
        return findings
    }
}
