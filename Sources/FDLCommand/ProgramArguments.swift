/// Arguments that do not all come from the command line.
package struct ProgramArguments: Sendable {
    package typealias Maker = @Sendable () throws -> ProgramArguments

    package let arguments: [String]
    /// Adds to a parser's message where the option comes from that it is about.
    package let explained: @Sendable (String) -> String

    package init(_ arguments: [String], explained: @escaping @Sendable (String) -> String) {
        self.arguments = arguments
        self.explained = explained
    }
}
