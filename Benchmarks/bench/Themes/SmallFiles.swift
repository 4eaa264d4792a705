extension Theme {
    static let smallFile: Theme = {
        let get = Contestant("get") { place in
            try place.get("small", place.mirrorOptions("small", of: [place.mirrors[0]]))
        }
        let curl = Contestant("curl") { place in
            try place.curl("\(place.mirrors[0].url)/small", to: "\(place.output)/small")
        }
        return Theme(
            name: "small",
            contestants: [get, curl],
            rows: [
                Row(
                    "small",
                    title: "get, one file of 4 KiB: wall (curl)",
                    unit: .seconds,
                    ours: get[.wall],
                    peer: curl[.wall],
                    reach: .ratio(atMost: 2.5)
                )
            ],
            // So short that it takes more turns to tell them apart.
            rounds: { $0 * 4 }
        )
    }()

    static let folder: Theme = {
        let get = Contestant("get") { place in try place.get("folder", place.mirrorOptions("folder")) }
        let aria2 = Contestant("aria2c") { place in try place.aria2("folder", ["-j", "16", "-s", "1"]) }
        return Theme(
            name: "folder",
            contestants: [get, aria2],
            rows: [
                Row(
                    "folder",
                    title: "get, 1,000 files of 64 KiB: wall (aria2c)",
                    unit: .seconds,
                    ours: get[.wall],
                    peer: aria2[.wall],
                    reach: .ratio(atMost: 0.5)
                )
            ],
            outputs: .setAside
        )
    }()

    static let manyFiles: Theme = {
        let get = Contestant("get") { place in try place.get("many", place.mirrorOptions("many")) }
        let copy = Contestant("cp and sync") { place in
            try place.run(
                [
                    "sh", "-c", #"cp -r "$1" "$2" && sync -f "$2""#, "copy",
                    "\(place.data)/many", "\(place.output)/many",
                ]
            )
        }
        return Theme(
            name: "many",
            contestants: [get, copy],
            rows: [
                Row(
                    "many",
                    title: "get, many files of 4 KiB: wall (cp -r and sync -f)",
                    unit: .seconds,
                    ours: get[.wall],
                    peer: copy[.wall],
                    reach: .ratio(atMost: 1.5)
                )
            ],
            rounds: { _ in 3 },
            outputs: .setAside,
            isSlow: true,
            prepare: { place in
                try place.makeSmallFiles("many", files: place.settings.isQuick ? 20_000 : 100_000, bytes: 4096)
            }
        )
    }()

    static let tinyFiles: Theme = {
        let get = Contestant("get") { place in try place.get("tiny", place.mirrorOptions("tiny")) }
        return Theme(
            name: "tiny",
            contestants: [get],
            rows: [
                Row(
                    "tiny",
                    title: "get, 200,000 files of 59 bytes: MiB resident",
                    unit: .mebibytes,
                    ours: get[.memory],
                    reach: .ours(atMost: 64)
                )
            ],
            rounds: { _ in 1 },
            outputs: .setAside,
            isSlow: true,
            prepare: { place in try place.makeSmallFiles("tiny", files: 200_000, bytes: 59) }
        )
    }()
}
