import FDLSystem
import Glibc

extension Theme {
    /// Many who read large files at the same time.
    static let readers: Theme = {
        let pairs = [16, 256].map { count in
            (
                count,
                Contestant("worker to \(count)") { place in
                    try place.readers(count, of: try place.startWorker(), "/files")
                },
                Contestant("nginx to \(count)") { place in try place.readers(count, of: try place.startNginx(), "") }
            )
        }
        return Theme(
            name: "readers",
            contestants: pairs.flatMap { [$0.1, $0.2] },
            rows: pairs.flatMap { count, worker, nginx -> [Row] in
                var rows = [
                    Row(
                        "readers",
                        part: count == 16 ? nil : "\(count)",
                        title: "worker: \(count) readers of 64 MiB files: MiB a second (nginx)",
                        unit: .perSecond,
                        ours: worker[.rate],
                        peer: nginx[.rate],
                        better: .more,
                        reach: .ratio(atLeast: count == 16 ? 1.2 : 1)
                    ),
                    Row(
                        "readers",
                        part: "\(count)-cpu",
                        title: "CPU per GiB",
                        unit: .seconds,
                        ours: worker[.serverCPUPerGiB],
                        peer: nginx[.serverCPUPerGiB],
                        reach: .ratio(atMost: count == 16 ? 0.7 : 0.9)
                    ),
                ]
                guard count == 256 else { return rows }
                rows += [
                    Row(
                        "readers",
                        part: "\(count)-slowest",
                        title: "mean ÷ slowest reader",
                        unit: .times,
                        ours: worker[.unfairness],
                        peer: nginx[.unfairness],
                        reach: .ours(atMost: 1.5)
                    ),
                    Row(
                        "readers",
                        part: "\(count)-memory",
                        title: "resident at the end",
                        unit: .mebibytes,
                        ours: worker[.memory],
                        peer: nginx[.memory],
                        reach: .ratio(atMost: 1)
                    ),
                ]
                return rows
            },
            isSlow: true,
            prepare: { place in try place.makeReadersFiles() }
        )
    }()

    /// Files that are not in the page cache.
    static let cold: Theme = {
        let worker = Contestant("worker") { place in try place.coldReaders(of: try place.startWorker(), "/files") }
        let nginx = Contestant("nginx") { place in try place.coldReaders(of: try place.startNginx(), "") }
        return Theme(
            name: "cold",
            contestants: [worker, nginx],
            rows: [
                Row(
                    "cold",
                    title: "worker: 16 readers of 16 cold files: wall (nginx)",
                    unit: .seconds,
                    ours: worker[.wall],
                    peer: nginx[.wall],
                    reach: .ratio(atMost: 1)
                )
            ],
            isSlow: true,
            prepare: { place in try place.makeReadersFiles() }
        )
    }()

    /// Connections that ask for a large file and read nothing of it.
    static let slow: Theme = {
        let worker = Contestant("worker") { place in try place.stalled(at: try place.startWorker(), "/files") }
        let nginx = Contestant("nginx") { place in try place.stalled(at: try place.startNginx(), "") }
        return Theme(
            name: "slow",
            contestants: [worker, nginx],
            rows: [
                Row(
                    "slow",
                    title: "worker: memory of a reader that stalls (nginx)",
                    unit: .kibibytes,
                    ours: worker[.idle],
                    peer: nginx[.idle],
                    reach: .ratio(atMost: 1)
                )
            ]
        )
    }()

    /// Small files over connections that stay.
    static let keepAlive: Theme = {
        let pairs = [64, 512].map { count in
            (
                count,
                Contestant("worker to \(count)") { place in
                    try place.smallRequests(count, of: place.workers[0], "/files/pages")
                },
                Contestant("nginx to \(count)") { place in
                    try place.smallRequests(count, of: place.mirrors[0], "/pages")
                }
            )
        }
        return Theme(
            name: "keepalive",
            contestants: pairs.flatMap { [$0.1, $0.2] },
            rows: pairs.flatMap { count, worker, nginx -> [Row] in
                [
                    Row(
                        "keepalive",
                        part: count == 64 ? nil : "\(count)",
                        title: "worker: 4 KiB files, \(count) connections: requests a second (nginx)",
                        unit: .perSecond,
                        ours: worker[.rate],
                        peer: nginx[.rate],
                        better: .more,
                        reach: .ratio(atLeast: 0.9)
                    ),
                    Row(
                        "keepalive",
                        part: "\(count)-cpu",
                        title: "CPU for each",
                        unit: .microseconds,
                        ours: worker[.cpuPerRequest],
                        peer: nginx[.cpuPerRequest],
                        reach: .ratio(atMost: 1.1)
                    ),
                ]
            },
            prepare: { place in
                try place.makeFolder("pages", files: 1000, bytes: 4096)
                return ["\(place.data)/pages"]
            }
        )
    }()
}

extension Place {
    private func readersFile(_ number: Int) -> String { "reader-\(number)" }

    fileprivate func makeReadersFiles() throws -> [String] {
        let paths = (0..<16).map { "\(data)/\(readersFile($0))" }
        for (number, path) in paths.enumerated() { try makeFile(path, bytes: 64 << 20, seed: UInt64(number + 10)) }
        // What is not on the disk cannot be dropped from the page cache.
        try run(["sync", "-f", data])
        return paths
    }

    /// Five seconds of reading. Each turn has a server of its own: what one once had in use it hardly ever gives back.
    fileprivate func readers(_ count: Int, of started: (child: Child, server: Server), _ prefix: String) throws
        -> Sample
    {
        defer { started.child.end() }
        let seconds = 5
        let targets = (0..<16).map { "\(prefix)/\(readersFile($0))" }
        let before = started.server.usage.cpu
        let figures = try numbers(
            [program("measure"), "readers", started.server.port, "\(count)", "\(seconds)"] + targets,
            count: 2
        )
        let usage = started.server.usage
        let gibibytes = figures[0] * Double(seconds) / 1024
        return [
            .rate: figures[0], .unfairness: figures[1], .serverCPUPerGiB: (usage.cpu - before) / gibibytes,
            .memory: usage.kibibytes / 1024,
        ]
    }

    fileprivate func coldReaders(of started: (child: Child, server: Server), _ prefix: String) throws -> Sample {
        defer { started.child.end() }
        for number in 0..<16 {
            try run(["dd", "of=\(data)/\(readersFile(number))", "oflag=nocache", "conv=notrunc,fdatasync", "count=0"])
        }
        let targets = (0..<16).map { "\(prefix)/\(readersFile($0))" }
        return [.wall: try numbers([program("measure"), "read-once", started.server.port] + targets, count: 1)[0]]
    }

    fileprivate func stalled(at started: (child: Child, server: Server), _ prefix: String) throws -> Sample {
        defer { started.child.end() }
        return [.idle: try memoryOfEach(200, "stall", of: started.server, asking: "\(prefix)/large")]
    }

    /// Two seconds of requests, each as soon as its connection's last one is answered.
    fileprivate func smallRequests(_ connections: Int, of server: Server, _ prefix: String) throws -> Sample {
        let script = "\(root)/requests.lua"
        let line = """
            request = function()
                return wrk.format("GET", string.format("\(prefix)/file-%06d", math.random(0, 999)))
            end

            """
        try WholeFile.replace(script, with: Array(line.utf8), mode: 0o644)
        let before = server.usage.cpu
        try run(["wrk", "-t", "1", "-c", "\(connections)", "-d", "2", "-s", script, server.url])
        let cpu = server.usage.cpu - before
        let words = try saidLast().split(whereSeparator: \.isWhitespace)
        // "12345 requests in 2.00s, 50.00MB read" and "Requests/sec:  6172.50"; errors are told only where there are any.
        guard !words.contains("Non-2xx"), let end = words.firstIndex(of: "requests"), end > 0,
            let count = Double(words[end - 1]), count > 0, let rate = words.firstIndex(of: "Requests/sec:"),
            rate + 1 < words.count, let perSecond = Double(words[rate + 1])
        else { throw Trouble(.software, "wrk got no answers", hint: "see \(root) with --keep") }
        return [.rate: perSecond, .cpuPerRequest: cpu * 1e6 / count]
    }
}
