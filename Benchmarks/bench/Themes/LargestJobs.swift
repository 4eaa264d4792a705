extension Theme {
    static let manifest: Theme = {
        let path = "largest.manifest.json"
        let parse = Contestant("measure manifest") { place in
            var sample = try place.run([place.program("measure"), "manifest", "\(place.root)/\(path)"])
            // What it timed itself, without the start of the program.
            sample[.wall] = try place.saidLast().split(separator: "\n").last.flatMap { Double($0) }
            return sample
        }
        return Theme(
            name: "manifest",
            contestants: [parse],
            rows: [
                Row(
                    "manifest",
                    title: "manifest of 1,048,576 chunks: parse and check",
                    unit: .seconds,
                    ours: parse[.wall],
                    reach: .ours(atMost: 1.5)
                ),
                Row(
                    "manifest",
                    part: "memory",
                    title: "peak memory",
                    unit: .mebibytes,
                    ours: parse[.memory],
                    reach: .ours(atMost: 256)
                ),
            ],
            prepare: { place in
                let manifest = "\(place.root)/\(path)"
                try place.run([place.program("measure"), "make-manifest", manifest, "1048576"])
                return [manifest]
            }
        )
    }()

    static let plan: Theme = {
        func plan(_ name: String, chunks: Int, mebibytes: Int) -> Contestant {
            Contestant(name) { place in
                let command = [place.program("measure"), "plan", "\(chunks)", "64", "\(mebibytes)"]
                let costs = try place.numbers(command, count: 2)
                return [.decision: costs[0], .event: costs[1]]
            }
        }
        // Of a gigabyte of memory: what a decision costs, not what waiting for memory adds, which is the third.
        let large = plan("large plan", chunks: 1_048_576, mebibytes: 1024)
        let small = plan("small plan", chunks: 65_536, mebibytes: 1024)
        let bound = plan("large plan, little memory", chunks: 1_048_576, mebibytes: 16)
        return Theme(
            name: "plan",
            contestants: [large, small, bound],
            rows: [
                // Flat: the number of chunks must not show in what one of them costs.
                Row(
                    "plan",
                    title: "plan: a decision of 1,048,576 chunks (of 65,536)",
                    unit: .microseconds,
                    ours: large[.decision],
                    peer: small[.decision],
                    reach: .ours(atMost: 1),
                    .ratio(atMost: 1.25)
                ),
                Row(
                    "plan",
                    part: "bound",
                    title: "with 16 MiB of memory, all in use, as in get",
                    unit: .microseconds,
                    ours: bound[.decision]
                ),
                Row(
                    "plan",
                    part: "event",
                    title: "an event of 1,048,576 chunks",
                    unit: .microseconds,
                    ours: large[.event]
                ),
            ]
        )
    }()
}
