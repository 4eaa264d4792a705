public import FDLCore
import FDLSystem
import FDLTLS
import Glibc

/// What a worker has to have before its process gives up what it may do: sockets that listen, and keys.
///
/// Whatever else is to listen has its place here too: a confined process binds to no other port.
///
/// `Worker.init` makes one by itself. Who confines the process makes one first, then confines it, then makes the worker.
public final class PreparedWorker: Sendable {
    let configuration: WorkerConfiguration
    let certificates: ReloadableTLSContext
    let sockets: [ListeningSocket]
    /// Where metrics are asked for; nil if nowhere.
    let metricsSocket: ListeningSocket?

    /// Listens, and reads certificates and keys. Starts no thread.
    /// - Parameter inherited: sockets that the service manager has opened; if there are any, the configuration's addresses
    ///   are not listened at.
    /// - Parameter listens: false for a worker that is only made to see whether it can be.
    /// - Throws: `WorkerError.listen`, `.metrics`, `.socket` or `.tls`.
    public init(
        _ configuration: WorkerConfiguration,
        inherited: [Int32] = [],
        listens: Bool = true
    ) throws(WorkerError) {
        self.configuration = configuration
        sockets = listens ? try Self.sockets(configuration, inherited) : []
        metricsSocket = listens ? try Self.metricsSocket(configuration) : nil
        do throws(TLSError) {
            certificates = try ReloadableTLSContext(configuration.tls.server)
        } catch {
            throw .tls(error)
        }
    }

    /// The pin of the first certificate's key.
    public var pin: PublicKeyPin? { certificates.context.pin }

    private static func sockets(
        _ configuration: WorkerConfiguration,
        _ inherited: [Int32]
    ) throws(WorkerError) -> [ListeningSocket] {
        var sockets: [ListeningSocket] = []
        for descriptor in inherited {
            do throws(SystemError) {
                sockets.append(try ListeningSocket(inherited: descriptor))
            } catch {
                throw .socket(error)
            }
        }
        if !sockets.isEmpty { return sockets }
        for address in configuration.addresses {
            do throws(SystemError) {
                sockets.append(try ListeningSocket(host: address.boundHost, port: address.port))
            } catch {
                throw .listen(address, code: error.code, reason: "the name has no address")
            }
        }
        return sockets
    }

    private static func metricsSocket(_ configuration: WorkerConfiguration) throws(WorkerError) -> ListeningSocket? {
        guard let address = configuration.metricsAddress else { return nil }
        do throws(SystemError) {
            return try ListeningSocket(host: address.boundHost, port: address.port)
        } catch {
            throw .metrics(address, code: error.code, reason: "the name has no address")
        }
    }

    /// What has to stay readable for the worker to serve, and to read its files again: paths of files and directories.
    public var readablePaths: [String] {
        let tls = configuration.tls
        let optional = [tls.clientAuthority, tls.clientRevocations].compactMap { $0 }
        let files = tls.certificates + tls.privateKeys + tls.ocspResponses + optional + certificates.privateKeyPaths
        return Confinement.directories(ofRoot: configuration.root) + files.flatMap { Confinement.directories(of: $0) }
    }
}

extension ListenAddress {
    /// The host to bind to: without IPv6 in the kernel, `::` becomes `0.0.0.0`.
    fileprivate var boundHost: String { host == "::" && !Self.hasIPv6 ? "0.0.0.0" : host }

    private static var hasIPv6: Bool {
        let descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        Glibc.close(descriptor)
        return true
    }
}
