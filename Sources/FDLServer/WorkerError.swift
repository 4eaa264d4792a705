public import FDLCore
public import FDLSystem
import Glibc

/// Why a worker cannot start, or has stopped.
public enum WorkerError: Error, Sendable {
    /// The directory to serve cannot be read.
    case root(SystemError)
    /// The certificate, its key or the clients' authority cannot be used.
    case tls(TLSError)
    /// An address cannot be listened at. `code` is the errno, 0 if there is none.
    case listen(ListenAddress, code: Int32, reason: String)
    /// The address for metrics cannot be listened at. `code` is the errno, 0 if there is none.
    case metrics(ListenAddress, code: Int32, reason: String)
    /// A socket that the service manager has handed over is none to serve at.
    case socket(SystemError)
    /// The process may not have the descriptors, threads or memory that a worker needs.
    case limits(SystemError)
    /// Something else failed while the worker ran.
    case server(reason: String)
}

extension WorkerError: CustomStringConvertible {
    /// One line for a person, without a full stop.
    public var description: String { failure.message }
}

extension WorkerError: Explained {
    /// What a person is told.
    public var failure: Failure {
        switch self {
        case .root(let error):
            Failure(
                .configuration,
                "the directory to serve cannot be read: \(error)",
                hint: "give a directory that this user may read with --root"
            )
        case .tls(let error): error.failure
        case .listen(let address, EADDRINUSE, _):
            Failure(
                .configuration,
                "cannot listen on \(address): the port is in use",
                hint: "stop what holds it, or choose another with --listen HOST:PORT"
            )
        case .listen(let address, EACCES, _):
            Failure(
                .configuration,
                "cannot listen on \(address): permission denied",
                hint: (1..<1024).contains(address.port)
                    ? "ports below 1024 are root's: start it as root with --user NAME, let systemd listen "
                        + "(fdl-secure-server.socket), or choose a higher one with --listen HOST:PORT"
                    : "a policy of this machine (SELinux, AppArmor) forbids it: allow the port there, or choose another "
                        + "with --listen HOST:PORT"
            )
        case .listen(let address, let code, let reason):
            Failure(
                .configuration,
                code == 0
                    ? "cannot listen on \(address): \(reason)"
                    : SystemError(operation: .other("listen on"), path: address.description, code: code).description,
                hint: "choose an address of this machine with --listen HOST:PORT"
            )
        case .metrics(let address, let code, let reason):
            Failure(
                .configuration,
                "cannot listen on \(address) for metrics: \(code == 0 ? reason : SystemError.text(code))",
                hint: "choose a free address of this machine with --metrics-listen HOST:PORT"
            )
        case .socket(let error):
            Failure(
                .configuration,
                error.description,
                hint: "have the service manager's socket unit listen with ListenStream=PORT"
            )
        case .limits(let error): error.failure
        case .server(let reason):
            Failure(.localIO, "the server stopped: \(reason)", hint: "look at its log, then start it again")
        }
    }
}
