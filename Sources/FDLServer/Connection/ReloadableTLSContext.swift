import FDLCore
import FDLTLS
import Synchronization

/// The TLS context for new connections. It can be replaced while the worker runs; open connections keep theirs.
final class ReloadableTLSContext: Sendable {
    private let configuration: Mutex<TLSServerConfiguration>
    private let current: Mutex<TLSContext>
    private let strangersPin: Mutex<PublicKeyPin?>

    init(_ configuration: TLSServerConfiguration) throws(TLSError) {
        self.configuration = Mutex(configuration)
        let context = try TLSContext.server(configuration)
        self.current = Mutex(context)
        self.strangersPin = Mutex(context.pinForStrangers)
    }

    var context: TLSContext { current.withLock { $0 } }

    /// See `TLSContext.pinForStrangers`.
    var pinForStrangers: PublicKeyPin? { strangersPin.withLock { $0 } }

    /// The files that the keys in use were read from.
    var privateKeyPaths: [String] { context.privateKeyPaths }

    /// Reads all files again.
    /// - Parameter changed: which files and rules from now on; nil for those of before.
    /// - Throws: `TLSError`; then the context in use stays.
    func reload(_ changed: TLSServerConfiguration? = nil) throws(TLSError) {
        let wanted = changed ?? configuration.withLock { $0 }
        let renewed = try TLSContext.server(wanted, after: context)
        current.withLock { $0 = renewed }
        configuration.withLock { $0 = wanted }
        let pin = renewed.pinForStrangers
        strangersPin.withLock { $0 = pin }
    }
}
