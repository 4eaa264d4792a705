import FDLCommand
import FDLSystem
import Glibc

/// What a result depends on beside the code.
struct Conditions: Equatable, Sendable {
    var cores: Int
    /// How many processes wanted a core in the minute before.
    var load: Double
    /// Of the large file.
    var bytes: Int64
    var rounds: Int
    var kernel: String

    init(cores: Int, load: Double, bytes: Int64, rounds: Int, kernel: String) {
        self.cores = cores
        self.load = load
        self.bytes = bytes
        self.rounds = rounds
        self.kernel = kernel
    }

    /// This machine's, now.
    init(_ settings: Settings) {
        var system = utsname()
        uname(&system)
        let release = withUnsafeBytes(of: system.release) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        var loads = [0.0]
        self.init(
            cores: sysconf(Int32(_SC_NPROCESSORS_ONLN)),
            load: getloadavg(&loads, 1) == 1 ? loads[0] : 0,
            bytes: settings.bytes,
            rounds: settings.rounds,
            kernel: release
        )
    }

    /// What is not as it was in `earlier` and makes the two hard to compare. The load is told of only if it is high.
    func differences(from earlier: Conditions) -> [String] {
        func difference(_ name: String, _ old: some Equatable, _ new: some Equatable) -> String? {
            "\(old)" == "\(new)" ? nil : "\(name) \(old) → \(new)"
        }
        return [
            difference("cores", earlier.cores, cores),
            difference("size", ByteCount.text(earlier.bytes), ByteCount.text(bytes)),
            difference("rounds", earlier.rounds, rounds),
            difference("kernel", earlier.kernel, kernel),
            max(earlier.load, load) < 1 ? nil : difference("load", fixed(earlier.load, 1), fixed(load, 1)),
        ].compactMap { $0 }
    }
}
