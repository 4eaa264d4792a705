import ArgumentParser
import FDLServer
import FDLSystem
import Logging
import Synchronization

/// What the worker gives up before it serves.
struct PrivilegeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Become this user once it listens and has read its keys; NAME or NAME:GROUP. Only for root; without it, root \
            keeps the right to read all files, and no other.
            """,
            valueName: "name"
        )
    )
    var user: String?

    /// Confines the process, which has to have one thread.
    /// - Parameters:
    ///   - logs: files that are made or appended to later, also after somebody has renamed them.
    ///   - settings: further files that are read again later.
    func confine(
        _ worker: PreparedWorker,
        logs: [String] = [],
        settings: [String] = []
    ) throws -> [Confinement.Remark] {
        let readable = worker.readablePaths + settings.flatMap { Confinement.directories(of: $0) }
        var confinement = Confinement(user: user, readable: readable)
        confinement.logDirectories = logs.map { Directory.containing($0) }
        return try confinement.enter()
    }
}

/// What `ServeCommand.prepare` leaves to `run`.
struct Prepared: Sendable {
    let worker: PreparedWorker
    let manager: ServiceManager
    /// The path of the certificate that the worker has made itself.
    let own: String?
    let remarks: [Confinement.Remark]

    static let value = Mutex<Prepared?>(nil)

    /// Says what an operator should know of the confinement, a line each.
    func log(to logger: Logger) {
        for remark in remarks {
            switch remark {
            case .isRoot:
                logger.warning("runs as root, with the right to read all files and no other: name a user with --user")
            case .noLandlock:
                logger.notice("this kernel has no Landlock: permissions alone keep the worker from other files")
            }
        }
    }
}
