public import ArgumentParser
public import FDLServer

/// What whoever runs the worker sees of it.
struct OperatingOptions: ParsableArguments {
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
