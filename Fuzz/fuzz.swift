import Glibc

/// Runs libFuzzer on one of the targets: `fuzz NAME [libFuzzer's options] [corpus]…`. Without arguments it names them.
@main
enum Fuzz {
    typealias Target = @Sendable (UnsafeRawBufferPointer) -> Void

    static let targets: [String: Target] = [
        "accept-encoding": fuzzAcceptEncoding,
        "agent": fuzzAgent,
        "host": fuzzHost,
        "inflate": fuzzInflate,
        "manifest": fuzzManifest,
        "minisign": fuzzMinisign,
        "pem": fuzzPEM,
        "proxy": fuzzProxyHeader,
        "range": fuzzRange,
        "request": fuzzRequest,
        "response": fuzzResponse,
        "secret-key": fuzzSecretKey,
        "statement": fuzzStatement,
        "token": fuzzToken,
        "uri": fuzzURI,
    ]

    // Set once, before libFuzzer begins; libFuzzer's callback has no place for a context.
    nonisolated(unsafe) private static var target: Target?

    static func main() {
        guard CommandLine.argc > 1, let name = CommandLine.arguments.dropFirst().first, let chosen = targets[name]
        else {
            print(targets.keys.sorted().joined(separator: "\n"))
            exit(CommandLine.argc > 1 ? 64 : 0)
        }
        target = chosen
        // libFuzzer is to see the program's name and its own options.
        var arguments = CommandLine.unsafeArgv
        arguments[1] = arguments[0]
        arguments += 1
        var count = CommandLine.argc - 1
        exit(runDriver(&count, &arguments, fuzzOneInput))
    }

    /// Runs the chosen target on one input.
    static func run(_ input: UnsafeRawBufferPointer) { target?(input) }
}

/// What libFuzzer calls. Its own `main`, which is linked and never runs, refers to it by this name: so it is public,
/// since the linker does not see others.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    Fuzz.run(UnsafeRawBufferPointer(start: bytes, count: size))
    return 0
}

/// libFuzzer's main loop, which `-sanitize=fuzzer` links.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ argc: UnsafeMutablePointer<Int32>,
    _ argv: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32
