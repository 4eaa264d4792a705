import FDLCore
import FDLTLS
import Synchronization

/// The TLS context that new connections get. It can be exchanged while the worker runs; connections keep theirs.
final class CertificateSource: Sendable {
    private let configuration: TLSServerConfiguration
    private let current: Mutex<TLSContext>

    init(_ configuration: TLSServerConfiguration) throws(TLSError) {
        self.configuration = configuration
        self.current = Mutex(try TLSContext.server(configuration))
    }

    var context: TLSContext { current.withLock { $0 } }

    /// The file that the key in use was read from.
    var privateKeyPath: String? { context.privateKeyPath }

    /// Reads the files again.
    /// - Throws: `TLSError`; then the context in use stays.
    func reload() throws(TLSError) {
        let renewed = try TLSContext.server(configuration)
        current.withLock { $0 = renewed }
    }
}
