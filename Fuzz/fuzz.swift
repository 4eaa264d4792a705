import Glibc

/// Runs libFuzzer on one of the targets: `fuzz NAME [libFuzzer's options] [corpus]…`.
@main
enum Fuzz {
    static let targets: [String: @Sendable (UnsafeRawBufferPointer) -> Void] = [
        "accept-encoding": fuzzAcceptEncoding,
        "host": fuzzHost,
        "inflate": fuzzInflate,
        "manifest": fuzzManifest,
        "minisign": fuzzMinisign,
        "pem": fuzzPEM,
        "range": fuzzRange,
        "response": fuzzResponse,
        "uri": fuzzURI,
    ]

    // Set once, before libFuzzer begins; libFuzzer's callback has no place for a context.
    nonisolated(unsafe) private static var target: (@Sendable (UnsafeRawBufferPointer) -> Void)?

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
        exit(runDriver(&count, &arguments, testOneInput))
    }

    /// Runs the chosen target on one input.
    static func run(_ input: UnsafeRawBufferPointer) { target?(input) }
}

/// What libFuzzer calls, also by this name, which its own `main` refers to.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
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
