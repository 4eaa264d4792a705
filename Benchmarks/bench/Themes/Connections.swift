import FDLSystem
import Glibc

extension Theme {
    /// Connections that wait.
    static let idle: Theme = {
        // Each with a server of its own: what one once had in use it hardly ever gives back.
        let worker = Contestant("worker") { place in
            let (child, server) = try place.startWorker()
            defer { child.end() }
            return [.idle: try place.memoryOfEach(500, "idle", of: server, asking: "/files/small")]
        }
        let nginx = Contestant("nginx") { place in
            let (child, server) = try place.startNginx()
            defer { child.end() }
            return [.idle: try place.memoryOfEach(500, "idle", of: server, asking: "/small")]
        }
        return Theme(
            name: "idle",
            contestants: [worker, nginx],
            rows: [
                Row(
                    "idle",
                    title: "worker: memory of an idle connection (nginx)",
                    unit: .kibibytes,
                    ours: worker[.idle],
                    peer: nginx[.idle],
                    reach: .ratio(atMost: 1.1)
                )
            ]
        )
    }()

    /// Connections that are new.
    static let handshakes: Theme = {
        let worker = Contestant("worker") { place in try place.handshakes(with: place.workers[0]) }
        let nginx = Contestant("nginx") { place in try place.handshakes(with: place.mirrors[0]) }
        return Theme(
            name: "handshakes",
            contestants: [worker, nginx],
            rows: [
                Row(
                    "handshakes",
                    title: "worker: new connections a second (nginx)",
                    unit: .perSecond,
                    ours: worker[.connections],
                    peer: nginx[.connections],
                    better: .more,
                    reach: .ratio(atLeast: 1)
                ),
                Row(
                    "handshakes",
                    part: "cpu",
                    title: "CPU for each",
                    unit: .milliseconds,
                    ours: worker[.cpuPerConnection],
                    peer: nginx[.cpuPerConnection],
                    reach: .ratio(atMost: 1)
                ),
            ]
        )
    }()
}

extension Place {
    /// KiB that a server takes for each of `count` connections.
    /// - Parameter verb: of `measure`, what the connections do.
    func memoryOfEach(_ count: Int, _ verb: String, of server: Server, asking target: String) throws -> Double {
        func holding(_ count: Int) -> [String] { [program("measure"), verb, server.port, "\(count)", target] }
        try run(holding(8))
        let before = server.usage.kibibytes
        // Connections are held until standard input ends.
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SystemError(operation: .other("open a pipe"), code: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { for end in ends { close(end) } }
        let holder = try start(holding(count), input: ends[0])
        defer { holder.end() }
        try wait(until: "\(count) connections are open") { try saidLast().hasPrefix("ready") }
        return (server.usage.kibibytes - before) / Double(count)
    }

    /// Full handshakes a second from two clients at once, and the server's CPU for each.
    fileprivate func handshakes(with server: Server) throws -> Sample {
        let seconds = 2
        let outputs = [1, 2].map { "\(root)/s_time-\($0)" }
        let before = server.usage.cpu
        let clients = try outputs.map { output in
            try start(
                ["openssl", "s_time", "-connect", server.address, "-new", "-time", "\(seconds)"],
                saying: output
            )
        }
        for client in clients { _ = client.wait() }
        let cpu = server.usage.cpu - before
        // "1234 connections in 3 real seconds, 0 bytes read per connection"
        let count = try outputs.reduce(0.0) { sum, output in
            let line = try text(of: output).split(separator: "\n").first { $0.contains(" real seconds") }
            return sum + (line?.split(separator: " ").first.flatMap { Double($0) } ?? 0)
        }
        guard count > 0 else {
            throw Trouble(.software, "openssl s_time opened no connection", hint: "see \(root) with --keep")
        }
        return [.connections: count / Double(seconds), .cpuPerConnection: cpu * 1000 / count]
    }
}
