/// One file, signed in small chunks and in large ones: what a chunk costs beside its bytes.
extension Theme {
    static func chunkSizes(_ settings: Settings) -> Theme {
        let bytes: Int64 = settings.isQuick ? settings.bytes : 8 << 30
        func get(
            _ input: String,
            from servers: String,
            _ options: @escaping @Sendable (Place) -> [String]
        ) -> Contestant {
            Contestant("\(input) from \(servers)") { place in try place.get(input, options(place)) }
        }
        let small = get("fine", from: "mirrors") { $0.mirrorOptions("fine") }
        let large = get("coarse", from: "mirrors") { $0.mirrorOptions("coarse") }
        let smallOfWorkers = get("fine", from: "workers") { $0.workerOptions }
        let largeOfWorkers = get("coarse", from: "workers") { $0.workerOptions }
        let title = "get, \(Settings.text(bytes)) in chunks of 64 KiB (of 1 MiB)"
        return Theme(
            name: "chunk-size",
            contestants: [small, large, smallOfWorkers, largeOfWorkers],
            rows: [
                Row(
                    "chunk-size",
                    title: "\(title), four mirrors: CPU",
                    unit: .seconds,
                    ours: small[.cpu],
                    peer: large[.cpu],
                    reach: .ratio(atMost: 1.4)
                ),
                Row(
                    "chunk-size",
                    part: "wall",
                    title: "the same, wall",
                    unit: .seconds,
                    ours: small[.wall],
                    peer: large[.wall],
                    reach: .ratio(atMost: 1.4)
                ),
                Row(
                    "chunk-size",
                    part: "workers",
                    title: "from four workers: CPU",
                    unit: .seconds,
                    ours: smallOfWorkers[.cpu],
                    peer: largeOfWorkers[.cpu],
                    reach: .ratio(atMost: 1.4)
                ),
                Row(
                    "chunk-size",
                    part: "workers-wall",
                    title: "the same, wall",
                    unit: .seconds,
                    ours: smallOfWorkers[.wall],
                    peer: largeOfWorkers[.wall],
                    reach: .ratio(atMost: 1.4)
                ),
            ],
            rounds: { min($0, 3) },
            isSlow: true,
            prepare: { place in
                try place.makeFile("\(place.data)/coarse", bytes: bytes, seed: 4)
                try place.run(["ln", "\(place.data)/coarse", "\(place.data)/fine"])
                let inputs = ["fine", "coarse"]
                for input in inputs { try place.sign(input) }
                return inputs.flatMap { input in
                    ["\(place.data)/\(input)", place.manifest(of: input), place.manifest(of: input) + ".minisig"]
                }
            }
        )
    }
}
