import FDLSystem
import Glibc

/// All of the large file is hashed, and little else.
extension Theme {
    static let hashing: Theme = {
        let sign = Contestant("fdl-sign manifest") { place in
            try place.run(
                [
                    place.program("fdl-sign"), "manifest", "\(place.data)/large",
                    "-o", "\(place.output)/large.manifest.json", "--chunk-size", "1MiB",
                ]
            )
        }
        let openssl = Contestant("openssl dgst") { place in
            try place.run(["openssl", "dgst", "-sha256", "\(place.data)/large"])
        }
        let verify = Contestant("fdl-secure verify") { place in
            try place.run([place.program("fdl-secure"), "verify", place.manifest(of: "large"), "\(place.data)/large"])
        }
        let resume = Contestant("get of the last chunk") { place in
            let partial = "\(place.output)/large.fdl-part"
            try place.run(["cp", "\(place.root)/partial", partial])
            try place.run(["sync", partial])
            return try place.get("large", place.mirrorOptions("large", of: [place.mirrors[0]]))
        }
        return Theme(
            name: "hash",
            contestants: [sign, openssl, verify, resume],
            rows: [
                Row(
                    "sign",
                    title: "fdl-sign manifest: wall (openssl dgst -sha256)",
                    unit: .seconds,
                    ours: sign[.wall],
                    peer: openssl[.wall],
                    reach: .ratio(atMost: 0.55)
                ),
                Row(
                    "verify",
                    title: "fdl-secure verify: wall (openssl dgst)",
                    unit: .seconds,
                    ours: verify[.wall],
                    peer: openssl[.wall],
                    reach: .ratio(atMost: 0.55)
                ),
                Row(
                    "resume",
                    title: "get, all but one chunk there: wall (openssl dgst)",
                    unit: .seconds,
                    ours: resume[.wall],
                    peer: openssl[.wall],
                    reach: .ratio(atMost: 0.55)
                ),
            ],
            prepare: { place in
                // As an interrupted download leaves it, but for its last chunk.
                let partial = "\(place.root)/partial"
                try place.run(["cp", "\(place.data)/large", partial])
                try Descriptor(opening: partial, flags: O_WRONLY).truncate(to: place.settings.bytes - 1 << 20)
                return [partial]
            }
        )
    }()
}
