import FDLCommand
import FDLCore
import FDLSystem
import Glibc
import Logging

/// The worker's log on standard error. Nobody who logs waits for whoever reads it.
enum ServerLog {
    /// May be changed at any time.
    static let level = LineLogHandler.Level(.info)

    /// From now on all loggers of the process write there.
    static func begin(level: Logger.Level, json: Bool) {
        Self.level.current = level
        let writer = LineWriter(STDERR_FILENO) { dropped in
            LineLogHandler.line(
                level: .warning,
                "lines of the log were dropped: it was not read fast enough",
                [("count", "\(dropped)")],
                json: json
            )
        }
        LoggingSystem.bootstrap { label in LineLogHandler(label: label, level: Self.level, json: json, writer: writer) }
        // A reader that is stuck delays the end no longer than this.
        Program.beforeLeaving { writer.flush(within: .milliseconds(500)) }
    }
}
