/// A signed file becomes a tree for static servers: read, verified, written and synced.
extension Theme {
    static let publishing: Theme = {
        let publish = Contestant("fdl-sign publish") { place in
            try place.run(
                [
                    place.program("fdl-sign"), "publish", place.manifest(of: "large"), "\(place.output)/tree",
                    "--no-files",
                ]
            )
        }
        let whole = Contestant("fdl-sign publish with the whole file") { place in
            try place.run(
                [place.program("fdl-sign"), "publish", place.manifest(of: "large"), "\(place.output)/tree"]
            )
        }
        // What is published survives a loss of power: so must the copy.
        let copy = Contestant("cp") { place in
            try place.run(
                ["sh", "-c", "cp \"$0\" \"$1\" && sync -f \"$1\"", "\(place.data)/large", "\(place.output)/copy"]
            )
        }
        let twice = Contestant("cp, twice") { place in
            try place.run(
                [
                    "sh", "-c", "cp \"$0\" \"$1\" && cp \"$0\" \"$2\" && sync -f \"$1\"", "\(place.data)/large",
                    "\(place.output)/copy", "\(place.output)/copy2",
                ]
            )
        }
        let hash = Contestant("hashing on all cores") { place in
            try place.run(
                [
                    place.program("fdl-sign"), "manifest", "\(place.data)/large",
                    "-o", "\(place.output)/large.manifest.json", "--chunk-size", "1MiB",
                ]
            )
        }
        return Theme(
            name: "publish",
            contestants: [publish, copy, hash, whole, twice],
            rows: [
                Row(
                    "publish",
                    title: "fdl-sign publish, chunks: wall (cp, synced, + hashing)",
                    unit: .seconds,
                    ours: publish[.wall],
                    peer: .sum(copy[.wall], hash[.wall]),
                    reach: .ratio(atMost: 1.3)
                ),
                Row(
                    "publish",
                    part: "files",
                    title: "with the whole file too: wall (cp twice, synced, + hashing)",
                    unit: .seconds,
                    ours: whole[.wall],
                    peer: .sum(twice[.wall], hash[.wall]),
                    reach: .ratio(atMost: 1.3)
                ),
            ],
            // Each leaves six times the file's size.
            rounds: { min($0, 3) },
            outputs: .setAside
        )
    }()
}
