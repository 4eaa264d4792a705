import ArgumentParser

/// What is said.
struct ReportOptions: ParsableArguments {
    @Flag(help: "One JSON object a line on standard output, for programs (docs/json.md).")
    var json = false

    @Flag(name: .shortAndLong, help: "Say nothing but errors.")
    var quiet = false

    var reporter: Reporter { Reporter(json: json, quiet: quiet) }
}
