import COpenSSL
import FDLSystem
import Glibc
import Synchronization

/// Readers of large files, each with a TLS connection and a thread of its own. What they read they throw away.
enum Readers {
    /// Reads for some seconds, each reader the same file again and again.
    /// - Parameters:
    ///   - targets: what is asked for; reader N asks for the N-th, in turn.
    ///   - count: how many readers.
    /// - Returns: MiB a second of all, and what the slowest had beside the mean: mean ÷ least.
    static func read(port: Int, count: Int, seconds: Int, _ targets: [String]) throws -> String {
        let outcomes = try run(port: port, count: count, targets) { reader, start in
            let deadline = start + Double(seconds)
            var bytes = 0
            repeat { bytes += try reader.readAnswer(until: deadline) } while Clock.wall.now() < deadline
            return Double(bytes)
        }
        let sum = outcomes.reduce(0, +)
        guard let least = outcomes.min(), least > 0 else { throw MeasureError("a reader got nothing") }
        let rate = sum / Double(seconds) / Double(1 << 20)
        return "\(fixed(rate)) \(fixed(sum / Double(count) / least))"
    }

    /// Reads each target once, one reader for each.
    /// - Returns: seconds until the last had its whole file.
    static func readOnce(port: Int, _ targets: [String]) throws -> String {
        let began = Clock.wall.now()
        _ = try run(port: port, count: targets.count, targets) { reader, _ in
            Double(try reader.readAnswer(until: .infinity))
        }
        return fixed(Clock.wall.now() - began)
    }

    /// Connections that ask for a large file and read no more than its head, until standard input ends.
    static func stall(port: Int, count: Int, target: String) throws {
        var readers: [Reader] = []
        for _ in 0..<count {
            let reader = try Reader(port: port, target)
            try reader.ask()
            readers.append(reader)
        }
        for reader in readers { try reader.readSome() }
        // What the sockets take is sent by then.
        sleep(2)
        print("ready")
        fflush(nil)
        while getchar() != EOF {}
        withExtendedLifetime(readers) {}
    }

    /// - Parameter body: called on a thread for each reader once all are connected, with the time that was then.
    private static func run(
        port: Int,
        count: Int,
        _ targets: [String],
        _ body: @escaping @Sendable (Reader, Double) throws -> Double
    ) throws -> [Double] {
        let shared = Shared(count)
        for number in 0..<count {
            let target = targets[number % targets.count]
            let isStarted = startThread {
                let reader = Result { try Reader(port: port, target) }
                let start = shared.awaitAll()
                do {
                    let outcome = try body(reader.get(), start)
                    shared.outcomes.withLock { $0.append(outcome) }
                } catch {
                    shared.failure.withLock { $0 = "\(error)" }
                }
                shared.left.subtract(1, ordering: .releasing)
            }
            guard isStarted else { throw MeasureError("cannot start thread \(number + 1)") }
        }
        while shared.left.load(ordering: .acquiring) > 0 { usleep(2000) }
        if let failure = shared.failure.withLock({ $0 }) { throw MeasureError(failure) }
        return shared.outcomes.withLock { $0 }
    }

    private final class Shared: Sendable {
        let outcomes = Mutex<[Double]>([])
        let failure = Mutex<String?>(nil)
        /// Readers that have not ended.
        let left: Atomic<Int>
        /// Readers that are not connected yet, and the time when the last one was.
        private let connecting: Mutex<(count: Int, start: Double?)>

        init(_ count: Int) {
            left = Atomic(count)
            connecting = Mutex((count, nil))
        }

        /// Waits for all to be connected: those that are would keep the others from it while they read.
        /// - Returns: when they were.
        func awaitAll() -> Double {
            connecting.withLock { state in
                state.count -= 1
                if state.count == 0 { state.start = Clock.wall.now() }
            }
            while true {
                if let start = connecting.withLock({ $0.start }) { return start }
                usleep(1000)
            }
        }
    }
}

/// One connection. Confined to its thread.
private final class Reader {
    private let ssl: OpaquePointer
    private let request: String
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)

    init(port: Int, _ target: String) throws {
        guard let context = SSL_CTX_new(TLS_client_method()), let ssl = SSL_new(context),
            SSL_set_fd(ssl, try Loopback.connect(port: port)) == 1, SSL_connect(ssl) == 1
        else { throw MeasureError("cannot connect") }
        self.ssl = ssl
        request = "GET \(target) HTTP/1.1\r\nHost: localhost\r\n\r\n"
    }

    func ask() throws {
        guard SSL_write(ssl, request, Int32(request.utf8.count)) > 0 else { throw MeasureError("cannot ask") }
    }

    func readSome() throws {
        guard SSL_read(ssl, &buffer, 1024) > 0 else { throw MeasureError("no answer") }
    }

    /// Asks, and reads the answer to its end or to `deadline`, if that is earlier.
    /// - Returns: the bytes that were read.
    func readAnswer(until deadline: Double) throws -> Int {
        try ask()
        var (read, wanted) = (0, Int.max)
        while read < wanted, deadline == .infinity || Clock.wall.now() < deadline {
            let count = Int(SSL_read(ssl, &buffer, Int32(buffer.count)))
            guard count > 0 else { throw MeasureError("the answer broke off") }
            // The head comes with the first record of the answer.
            if wanted == .max {
                guard let length = IdleConnections.length(of: Array(buffer[..<count])) else {
                    throw MeasureError("the answer has no head")
                }
                wanted = length
            }
            read += count
        }
        return read
    }
}
