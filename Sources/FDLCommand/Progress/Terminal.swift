import Glibc

/// What can be shown on a descriptor.
struct Terminal: Sendable, Equatable {
    /// Whether lines can be drawn over.
    let canRedraw: Bool
    let hasColours: Bool

    /// - Parameters:
    ///   - isTerminal: whether it is one at all.
    ///   - variable: an environment variable; `TERM=dumb` and no TERM mean no escape codes, and `NO_COLOR` no colours
    ///     (no-color.org: if it is not empty).
    init(isTerminal: Bool, variable: (String) -> String?) {
        let kind = variable("TERM") ?? ""
        canRedraw = isTerminal && kind != "dumb" && !kind.isEmpty
        hasColours = canRedraw && (variable("NO_COLOR") ?? "").isEmpty
    }

    /// Columns and lines of a terminal; nil if it does not tell.
    static func size(_ descriptor: Int32) -> (width: Int, height: Int)? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return nil }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Whether this process is in the background of its terminal: then whoever uses it now is not to be written over.
    static func isInBackground(_ descriptor: Int32) -> Bool {
        let foreground = tcgetpgrp(descriptor)
        return foreground >= 0 && foreground != getpgrp()
    }
}
