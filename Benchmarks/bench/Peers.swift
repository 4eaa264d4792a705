/// The commands of the contestants.
extension Place {
    /// The option before each of the mirrors: of a folder, its own address.
    func mirrorOptions(_ input: String, of servers: [Server]? = nil) -> [String] {
        let path = ["folder", "many", "tiny"].contains(input) ? "\(input)/" : ""
        return (servers ?? mirrors).flatMap { ["--mirror", "\($0.url)/\(path)"] }
    }

    var workerOptions: [String] { workers.flatMap { ["--server", "\($0.url)/"] } }

    func get(_ input: String, _ options: [String]) throws -> Sample {
        try run(
            [program("fdl-secure"), "get", manifest(of: input), "-o", "\(output)/\(input)", "--cacert", ca, "--quiet"]
                + options
        )
    }

    /// Checks each piece as it comes, as its default is.
    func aria2(_ input: String, _ options: [String]) throws -> Sample {
        try run(
            [
                "aria2c", "--no-conf", "--quiet", "--ca-certificate=\(ca)", "--dir=\(output)",
                "--file-allocation=falloc", "--auto-save-interval=0", "--metalink-file=\(metalink(of: input))",
            ] + options
        )
    }

    /// Checks nothing.
    func wget2(_ input: String) throws -> Sample {
        try run(
            [
                "wget2", "-q", "--no-config", "--ca-certificate=\(ca)", "-O", "\(output)/\(input)",
                "\(mirrors[0].url)/\(input)",
            ]
        )
    }

    /// Checks nothing.
    func curl(_ url: String, to path: String) throws -> Sample {
        try run(["curl", "-sf", "--cacert", ca, "-o", path, url])
    }
}
