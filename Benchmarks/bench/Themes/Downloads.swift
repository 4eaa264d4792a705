/// The large file.
extension Theme {
    static let downloads: Theme = {
        let get = Contestant("get") { place in
            try place.served(by: place.mirrors) { try place.get("large", place.mirrorOptions("large")) }
        }
        let aria2 = Contestant("aria2c") { place in try place.aria2("large", ["-s", "4", "-x", "4"]) }
        let wget2 = Contestant("wget2") { place in try place.wget2("large") }
        let curl = Contestant("curl") { place in
            try place.curl("\(place.mirrors[0].url)/large", to: "\(place.output)/large")
        }
        let workers = Contestant("get from workers") { place in
            try place.served(by: place.workers) { try place.get("large", place.workerOptions) }
        }
        let floor = Contestant("floor") { place in
            let parts = try place.numbers(
                [place.program("measure"), "floor", "\(place.output)/floor", "\(place.settings.mebibytes)"],
                count: 5
            )
            return [.sha256: parts[0], .gcm: parts[1], .socket: parts[2], .file: parts[3], .directFile: parts[4]]
        }
        let exceptFile = Figure.sum(floor[.sha256], floor[.gcm], floor[.socket])
        return Theme(
            name: "get",
            contestants: [get, aria2, wget2, curl, workers, floor],
            rows: [
                Row(
                    "get",
                    title: "get, four mirrors: wall (aria2c, piece digests)",
                    unit: .seconds,
                    ours: get[.wall],
                    peer: aria2[.wall],
                    reach: .ratio(atMost: 0.40)
                ),
                Row(
                    "get-cpu",
                    title: "get, four mirrors: CPU (aria2c)",
                    unit: .seconds,
                    ours: get[.cpu],
                    peer: aria2[.cpu],
                    reach: .ratio(atMost: 0.50)
                ),
                Row(
                    "unverified",
                    title: "get, four mirrors: wall (unverified, best of two)",
                    unit: .seconds,
                    ours: get[.wall],
                    peer: .least(wget2[.wall], curl[.wall]),
                    reach: .ratio(atMost: 1.00)
                ),
                Row(
                    "unverified",
                    part: "wget2",
                    title: "wget2",
                    unit: .seconds,
                    ours: get[.wall],
                    peer: wget2[.wall]
                ),
                Row(
                    "unverified",
                    part: "curl",
                    title: "curl",
                    unit: .seconds,
                    ours: get[.wall],
                    peer: curl[.wall]
                ),
                Row(
                    "workers",
                    title: "get from workers: wall (from mirrors)",
                    unit: .seconds,
                    ours: workers[.wall],
                    peer: get[.wall],
                    reach: .ratio(atMost: 1.05)
                ),
                Row(
                    "chunks",
                    title: "worker: CPU per GiB of chunks (nginx as mirror)",
                    unit: .seconds,
                    ours: workers[.serverCPUPerGiB],
                    peer: get[.serverCPUPerGiB],
                    reach: .ratio(atMost: 1.05)
                ),
                Row(
                    "floor",
                    title: "get, four mirrors: CPU per GiB (floor)",
                    unit: .seconds,
                    ours: get[.cpuPerGiB],
                    peer: .sum(exceptFile, floor[.file]),
                    reach: .ratio(atMost: 1.25)
                ),
                Row(
                    "floor",
                    part: "past-cache",
                    title: "the same (floor with the file past the page cache)",
                    unit: .seconds,
                    ours: get[.cpuPerGiB],
                    peer: .sum(exceptFile, floor[.directFile])
                ),
                machine("sha-256", "floor: SHA-256", floor[.sha256]),
                machine("aes", "floor: AES-128-GCM", floor[.gcm]),
                machine("socket", "floor: socket", floor[.socket]),
                machine("file", "floor: file, through the page cache", floor[.file]),
                machine("file-past-cache", "floor: file, past the page cache", floor[.directFile]),
            ]
        )
    }()

    private static func machine(_ part: String, _ title: String, _ figure: Figure) -> Row {
        Row("floor", part: part, title: title, unit: .seconds, ours: figure, better: .neither)
    }

    /// To curl, from one server.
    static let files: Theme = {
        let worker = Contestant("worker") { place in
            try place.served(by: [place.workers[0]]) {
                try place.curl("\(place.workers[0].url)/files/large", to: "/dev/null")
            }
        }
        let nginx = Contestant("nginx") { place in
            try place.served(by: [place.mirrors[0]]) {
                try place.curl("\(place.mirrors[0].url)/large", to: "/dev/null")
            }
        }
        return Theme(
            name: "files",
            contestants: [worker, nginx],
            rows: [
                Row(
                    "files",
                    title: "worker: CPU per GiB of files to curl (nginx)",
                    unit: .seconds,
                    ours: worker[.serverCPUPerGiB],
                    peer: nginx[.serverCPUPerGiB],
                    reach: .ratio(atMost: 1.00)
                ),
                Row(
                    "files",
                    part: "wall",
                    title: "the same, wall",
                    unit: .seconds,
                    ours: worker[.wall],
                    peer: nginx[.wall]
                ),
            ]
        )
    }()

    /// With another file, several times as large.
    static func memory(_ settings: Settings) -> Theme {
        let bytes: Int64 = settings.isQuick ? settings.bytes * 4 : 8 << 30
        let large = Contestant("get") { place in
            try place.get("large", place.mirrorOptions("large") + ["--connections", "1"])
        }
        let larger = Contestant("get of the larger file") { place in
            try place.get("larger", place.mirrorOptions("larger") + ["--connections", "1"])
        }
        return Theme(
            name: "memory",
            contestants: [large, larger],
            rows: [
                Row(
                    "memory",
                    title:
                        "get, 4 connections: MiB resident, \(Settings.text(bytes)) (\(Settings.text(settings.bytes)))",
                    unit: .mebibytes,
                    ours: larger[.memory],
                    peer: large[.memory],
                    reach: .ratio(0.90...1.10)
                ),
                Row(
                    "memory",
                    part: "larger",
                    title: "the larger of the two",
                    unit: .mebibytes,
                    ours: larger[.memory],
                    reach: .ours(atMost: 48)
                ),
            ],
            // It hardly varies, and the larger file takes a while.
            rounds: { _ in 2 },
            isSlow: true,
            prepare: { place in
                let path = "\(place.data)/larger"
                try place.makeFile(path, bytes: bytes, seed: 3)
                try place.sign("larger")
                return [path, place.manifest(of: "larger"), place.manifest(of: "larger") + ".minisig"]
            }
        )
    }
}
