import FDLCore
import FDLServer
import FDLSystem
import Glibc
import Logging

/// The log of accesses, in a file or on standard output. A reader or disk that is too slow loses lines and holds nobody
/// up.
final class AccessLog: Sendable {
    private let writer: LineWriter
    private let format: AccessLogFormat
    private let logger: Logger

    /// - Parameter path: `-` for standard output.
    /// - Throws: `Failure` (78) if the file cannot be opened.
    init(_ path: String, format: AccessLogFormat, logger: Logger) throws(Failure) {
        self.format = format
        self.logger = logger
        // It is said in the other log: a program that reads this one expects requests alone.
        let notice: @Sendable (Int) -> String? = { dropped in
            logger.warning(
                "lines of the access log were dropped: it was not written fast enough",
                metadata: ["count": "\(dropped)"]
            )
            return nil
        }
        guard path != "-" else {
            writer = LineWriter(STDOUT_FILENO, notice: notice)
            return
        }
        do throws(SystemError) {
            writer = try LineWriter(appendingTo: path, notice: notice)
        } catch {
            throw Failure(
                .configuration,
                "the access log cannot be opened: \(error)",
                hint: "name a file that this user may write to with --access-log, or - for standard output"
            )
        }
    }

    func write(_ record: AccessRecord) { writer.write(format.line(record)) }

    /// Opens the file again: whoever rotates logs has renamed it.
    func reopen() {
        do throws(SystemError) { try writer.reopen() } catch {
            logger.error("the access log cannot be opened again, the one in use stays: \(error)")
        }
    }

    func flush(within limit: Duration) { writer.flush(within: limit) }
}
