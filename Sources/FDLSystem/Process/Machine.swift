import CLinux
import Glibc

/// What this machine and this process have, for a person who asks.
package enum Machine {
    /// Instructions of the processor that hashing and ciphers are many times faster with, and whether it has each.
    package static var instructions: [(name: String, isThere: Bool)] {
        let text = (try? WholeFile.read("/proc/cpuinfo", limit: 16 << 20)).map { String(decoding: $0, as: UTF8.self) }
        let line = text?.split(separator: "\n").first { $0.hasPrefix("flags") || $0.hasPrefix("Features") }
        let flags = Set((line ?? "").split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init))
        #if arch(arm64)
            return [("sha2", flags.contains("sha2")), ("aes", flags.contains("aes"))]
        #else
            return [
                ("sha_ni", flags.contains("sha_ni")), ("aes", flags.contains("aes")), ("avx2", flags.contains("avx2")),
            ]
        #endif
    }

    /// Whether the kernel takes its clock to be set by a time server; nil if it does not say.
    package static var isClockSynchronised: Bool? {
        let isUnset = fdl_clock_is_unset()
        return isUnset < 0 ? nil : isUnset == 0
    }

    /// Whether others than its owner may write to a file or a directory; nil if there is none.
    package static func isOpenToWriters(_ path: String) -> Bool? {
        guard let status = try? FileStatus(path: path) else { return nil }
        return status.mode & 0o022 != 0 || (status.owner != getuid() && status.owner != 0)
    }

    /// Whether this process can write to a directory that is there.
    package static func canWrite(_ path: String) -> Bool { access(path, W_OK) == 0 }
}
