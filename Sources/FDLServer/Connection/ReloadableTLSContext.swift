import FDLCore
import FDLTLS
import Synchronization

/// The TLS context for new connections. It can be replaced while the worker runs; open connections keep theirs.
final class ReloadableTLSContext: Sendable {
    private let configuration: TLSServerConfiguration
    private let current: Mutex<TLSContext>

    init(_ configuration: TLSServerConfiguration) throws(TLSError) {
        self.configuration = configuration
        self.current = Mutex(try TLSContext.server(configuration))
    }

    var context: TLSContext { current.withLock { $0 } }

    /// The files that the keys in use were read from.
    var privateKeyPaths: [String] { context.privateKeyPaths }

    /// Reads all files again.
    /// - Throws: `TLSError`; then the context in use stays.
    func reload() throws(TLSError) {
        let renewed = try TLSContext.server(configuration, after: context)
        current.withLock { $0 = renewed }
    }
}
