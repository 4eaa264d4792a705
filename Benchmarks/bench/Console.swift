import FDLCommand

/// What is said: the results on standard output, everything else on standard error.
enum Console {
    static func say(_ line: String) { StandardStream.output.writeLine(line) }
    static func note(_ line: String) { StandardStream.error.writeLine(line) }
}
