import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// What the kernel lets the tests do beyond what any user may.
enum Privileges {
    /// Whether `tools/test` runs these tests as an ordinary user, so that a privilege left to them is a fault.
    static let mustBeNone = ProcessInfo.processInfo.environment["FDL_TEST_UNPRIVILEGED"] == "1"

    /// Whether every test has to run, whatever the machine lacks.
    private static let mustRunAll = ProcessInfo.processInfo.environment["CI"] == "true"

    /// The sets of capabilities of this process, by the names that `/proc/self/status` has for them.
    static let capabilities: [String: UInt64] = {
        let status = (try? Files.read("/proc/self/status")) ?? []
        var sets: [String: UInt64] = [:]
        for line in String(decoding: status, as: UTF8.self).split(separator: "\n") where line.hasPrefix("Cap") {
            let parts = line.split { $0 == ":" || $0.isWhitespace }
            if parts.count == 2 { sets[String(parts[0])] = UInt64(parts[1], radix: 16) }
        }
        return sets
    }()

    /// The number of CAP_SYS_ADMIN in a set.
    private static let administration: UInt64 = 21

    /// Whether file systems can be mounted here, or it is a fault that they cannot.
    static var allowMounts: Bool {
        mustRunAll || geteuid() == 0 && (capabilities["CapEff"] ?? 0) >> administration & 1 == 1
    }

    /// What this process may do that it must not be able to do; nil where all is well.
    static var surplus: String? {
        guard mustBeNone else { return nil }
        if getuid() == 0 || geteuid() == 0 { return "the tests of an ordinary user run as root" }
        guard capabilities.count == 5 else { return "the kernel does not say which capabilities the tests have" }
        let held = capabilities.filter { $0.value != 0 }.keys.sorted()
        return held.isEmpty
            ? nil : "the tests of an ordinary user run with capabilities: \(held.joined(separator: ", "))"
    }

    /// - Throws: `HarnessError` where the tests may do more than they should.
    static func check() throws {
        if let surplus { throw HarnessError(surplus) }
    }
}

/// Tests that need root. `tools/test` runs them as root, apart from the others, which it runs as an ordinary user.
@Suite("As root")
enum RootTests {}

extension Trait where Self == ConditionTrait {
    /// Says why a test needs root, and leaves it out, with that reason, where file systems cannot be mounted. In CI it
    /// runs, and fails there.
    static func needsRoot(_ reason: String) -> Self {
        .enabled(if: Privileges.allowMounts, "needs root that may mount: \(reason)")
    }
}
