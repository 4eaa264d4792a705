import FDLCommand
import FDLCore
import FDLServer
import FDLSystem
import Glibc
import Synchronization

/// `--self-signed`: where the worker's own key and certificate lie, and how readers are told of them.
enum SelfSigned {
    /// The file of this process; nil if it was given certificates.
    static let inUse = Mutex<String?>(nil)

    /// The file, made if it is not there: below `STATE_DIRECTORY` (systemd), else in the user's state directory.
    static func file(listening addresses: [ListenAddress]) throws -> String {
        let directory =
            try getenv("STATE_DIRECTORY").map { String(cString: $0) }?.split(separator: ":").first.map(String.init)
            ?? UserDirectories.current.state
        let path = directory + "/worker.pem"
        let names = [machine, "localhost", "127.0.0.1", "::1"] + addresses.map(\.host).filter { !isWildcard($0) }
        _ = try SelfSignedIdentity.make(at: path, names: names)
        return path
    }

    /// Says where they are, the pin, a command for readers, and how a manifest spares them the pin.
    static func say(_ path: String, pin: PublicKeyPin?, _ address: ListenAddress) {
        guard let pin else { return }
        let host = isWildcard(address.host) ? machine : address.host
        let url = "https://\(ListenAddress(host: host, port: address.port))/"
        let lines = [
            "key and certificate: \(path)", "pin: \(pin)", "fdl-secure get \(url) --pin \(pin)",
            "without a pin: fdl-sign manifest FILE --source \(url) --ca \(shellWord(path))",
        ]
        for line in lines { StandardStream.output.writeLine(line) }
    }

    private static func isWildcard(_ host: String) -> Bool { host == "::" || host == "0.0.0.0" }

    /// The name of this machine.
    private static var machine: String {
        var bytes = [CChar](repeating: 0, count: 256)
        guard gethostname(&bytes, bytes.count - 1) == 0 else { return "localhost" }
        return String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
