/// What Landlock (landlock(7)) takes from a process, by the version that the kernel has.
struct LandlockRights: Equatable {
    static let execute: UInt64 = 1 << 0
    static let writeFile: UInt64 = 1 << 1
    static let readFile: UInt64 = 1 << 2
    static let readDirectory: UInt64 = 1 << 3
    static let makeRegular: UInt64 = 1 << 8
    /// Of the first version: reading, writing, executing, making and removing of every kind.
    private static let first: UInt64 = (1 << 13) - 1
    private static let refer: UInt64 = 1 << 13
    private static let truncate: UInt64 = 1 << 14
    private static let controlDevices: UInt64 = 1 << 15
    private static let bindAndConnect: UInt64 = 0b11
    private static let abstractSocketsAndSignals: UInt64 = 0b11

    /// Forbidden on files, unless a path allows it.
    let files: UInt64
    /// Forbidden with TCP: to bind and to connect. What listens already goes on.
    let network: UInt64
    /// Forbidden with processes that are not confined likewise.
    let scopes: UInt64

    /// - Parameter version: the kernel's, from 1.
    init(version: Int) {
        var files = Self.first
        if version >= 2 { files |= Self.refer }
        if version >= 3 { files |= Self.truncate }
        if version >= 5 { files |= Self.controlDevices }
        self.files = files
        network = version >= 4 ? Self.bindAndConnect : 0
        scopes = version >= 6 ? Self.abstractSocketsAndSignals : 0
    }

    /// What is allowed on a file or a directory that is to be read.
    func reading(isDirectory: Bool) -> UInt64 {
        files & (isDirectory ? Self.readFile | Self.readDirectory : Self.readFile)
    }

    /// What is allowed in a directory of logs.
    var appending: UInt64 { files & (Self.writeFile | Self.makeRegular) }
}
