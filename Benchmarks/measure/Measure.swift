import Glibc

/// Measures, for tools/bench and by hand, what no installed program measures.
@main
struct Measure {
    static let usage = """
        Usage: measure floor FILE MIB                     CPU seconds per GiB: SHA-256, AES-128-GCM, socket,
                                                         file through the page cache and past it
               measure idle PORT COUNT TARGET             opens connections, asks each for TARGET, says "ready", and
                                                          keeps them until standard input ends
               measure stall PORT COUNT TARGET            likewise, reading no more than the beginning of TARGET
               measure readers PORT COUNT SECONDS TARGET… MiB a second that so many readers get, and mean ÷ slowest
               measure read-once PORT TARGET…             seconds until a reader for each has all of it
               measure manifest FILE                      seconds to read, parse and check it
               measure make-manifest FILE CHUNKS          writes a manifest of one file
               measure plan CHUNKS SOURCES MEBIBYTES      microseconds per chunk handed out, and per event
               measure scale DIVISOR [READERS]          what leaves the origin and how long 100 GB take for 10, 100 and
                                                         1,000 readers, simulated with a file that is so much smaller
               measure scale-caches DIVISOR             the same of caches that are too small, too few, or gone
               measure paths [WORD]                       milliseconds of each hot path whose name begins so
               measure ports COUNT                        free TCP ports

        """

    static func main() throws {
        var arguments = CommandLine.arguments.dropFirst()
        let verb = arguments.popFirst() ?? ""
        let rest = Array(arguments)
        switch (verb, rest.count) {
        case ("floor", 2): print(try Floor.measure(file: rest[0], mebibytes: try number(rest[1])))
        case ("idle", 3):
            try IdleConnections.hold(port: try number(rest[0]), count: try number(rest[1]), target: rest[2])
        case ("stall", 3): try Readers.stall(port: try number(rest[0]), count: try number(rest[1]), target: rest[2])
        case ("readers", 4...):
            let (port, count, seconds) = (try number(rest[0]), try number(rest[1]), try number(rest[2]))
            print(try Readers.read(port: port, count: count, seconds: seconds, Array(rest[3...])))
        case ("read-once", 2...): print(try Readers.readOnce(port: try number(rest[0]), Array(rest[1...])))
        case ("manifest", 1): print(try ManifestMeasure.parse(rest[0]))
        case ("make-manifest", 2): try ManifestMeasure.write(rest[0], chunks: try number(rest[1]))
        case ("plan", 3):
            let (chunks, sources, mebibytes) = (try number(rest[0]), try number(rest[1]), try number(rest[2]))
            print(PlanDrive.measure(chunks: chunks, sources: sources, mebibytes: mebibytes))
        case ("scale", 1): ScaleTable(divisor: try number(rest[0])).tiers(only: nil)
        case ("scale", 2): ScaleTable(divisor: try number(rest[0])).tiers(only: try number(rest[1]))
        case ("scale-caches", 1): ScaleTable(divisor: try number(rest[0])).caches()
        case ("paths", 0...1): for line in try HotPaths.measure(rest.first ?? "") { print(line) }
        case ("ports", 1): for port in try FreePorts.find(try number(rest[0])) { print(port) }
        default:
            _ = write(STDERR_FILENO, usage, usage.utf8.count)
            exit(64)
        }
    }

    private static func number(_ text: String) throws -> Int {
        guard let number = Int(text), number > 0 else { throw MeasureError("'\(text)' is not a number above 0") }
        return number
    }
}

/// Why a measurement could not be made.
struct MeasureError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    /// With the reason of the system call that has just failed.
    init(failed operation: String) { self.init("\(operation): \(String(cString: strerror(errno)))") }
}

/// CPU and wall clocks, in seconds.
enum Clock {
    case wall, processCPU, threadCPU

    func now() -> Double {
        var time = timespec()
        switch self {
        case .wall: clock_gettime(CLOCK_MONOTONIC, &time)
        case .processCPU: clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        case .threadCPU: clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        }
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    func time(_ body: () throws -> Void) rethrows -> Double {
        let start = now()
        try body()
        return now() - start
    }
}

/// `value` with six digits after the point, without Foundation.
func fixed(_ value: Double) -> String {
    let millionths = Int64((value * 1e6).rounded())
    let fraction = String(millionths.magnitude % 1_000_000)
    let padding = String(repeating: "0", count: 6 - fraction.count)
    return "\(millionths < 0 ? "-" : "")\(millionths.magnitude / 1_000_000).\(padding)\(fraction)"
}
