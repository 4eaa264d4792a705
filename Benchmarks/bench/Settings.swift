import FDLCommand

/// What the command line says about how much is measured.
struct Settings: Sendable {
    /// Of the large file.
    var bytes: Int64
    var rounds: Int
    var isQuick: Bool

    static let standard = Settings(bytes: 1 << 30, rounds: 5, isQuick: false)

    var mebibytes: Int { Int(bytes >> 20) }
    var gibibytes: Double { Double(bytes) / 1_073_741_824 }
    static func text(_ bytes: Int64) -> String { ByteCount.text(bytes) }
}
