public import ArgumentParser
public import FDLServer

/// What whoever runs the worker sees of it.
struct OperatingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Read settings from this JSON file: its members are named as the options are, without the dashes. \
            Options go before it, and so do variables named FDL_SERVER_…, as FDL_SERVER_ROOT.
            """,
            valueName: "file"
        )
    )
    var config: String?

    @Flag(help: "Only say whether the worker could start with these settings: 0, or the error's exit code.")
    var check = false

    @Option(
        help: ArgumentHelp(
            "Write a line for each request to this file, or to standard output if it is -. SIGUSR1 opens it again.",
            valueName: "file"
        )
    )
    var accessLog: String?

    @Option(help: "combined, as Apache and nginx write it, or json.")
    var accessLogFormat = AccessLogFormat.combined

    @Option(
        help: ArgumentHelp(
            "HOST:PORT to answer GET /metrics at, for Prometheus, in plain HTTP; port 0 takes a free one.",
            valueName: "address"
        )
    )
    var metricsListen: ListenAddress?
}

extension AccessLogFormat: ExpressibleByArgument {}
