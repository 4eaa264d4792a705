import FDLSystem
import Glibc

/// Where it is measured: a directory of its own, the programs, and the servers once they run.
struct Place: Sendable {
    let settings: Settings
    /// Gone at the end.
    let root: String
    /// Where the programs are.
    let programs: String
    /// Four nginx.
    var mirrors: [Server] = []
    /// Four of ours.
    var workers: [Server] = []
    private let environment: [String]

    init(settings: Settings, programs: String) throws {
        self.settings = settings
        self.programs = programs
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array((parent + "/fdl-bench.XXXXXX").utf8CString)
        guard let made = mkdtemp(&template).map({ String(cString: $0) }) else {
            throw SystemError(operation: .other("create a directory in"), path: parent, code: errno)
        }
        root = made
        Leftovers.remember(directory: made)
        // nginx's workers run as another user where root starts it.
        chmod(made, 0o755)
        var variables: [String] = []
        var next = environ
        while let variable = next.pointee {
            variables.append(String(cString: variable))
            next += 1
        }
        // All that is measured is on this machine: a proxy of the person's is not on the way.
        let notTaken = ["xdg_config_home=", "xdg_state_home=", "https_proxy=", "http_proxy=", "all_proxy="]
        environment =
            variables.filter { variable in !notTaken.contains { variable.lowercased().hasPrefix($0) } }
            + ["XDG_CONFIG_HOME=\(made)/config", "XDG_STATE_HOME=\(made)/state"]
        for directory in [certificates, data, output] { try makeDirectory(directory) }
    }

    var certificates: String { root + "/certs" }
    var ca: String { certificates + "/ca.pem" }
    /// What is served.
    var data: String { root + "/data" }
    /// Where downloads go.
    var output: String { root + "/out" }
    /// Where they are set aside.
    var kept: String { root + "/kept" }
    /// What was said last.
    var said: String { root + "/said" }

    func program(_ name: String) -> String { programs + "/" + name }

    // MARK: - Programs

    func start(_ command: [String], saying output: String? = nil, input: Int32? = nil) throws -> Child {
        try Child(command, environment: environment, output: output ?? said, input: input)
    }

    /// Runs a program to its end.
    /// - Throws: `Trouble` if it fails, with what it said last.
    @discardableResult
    func run(_ command: [String]) throws -> Sample {
        let ended = try start(command).wait()
        guard ended.code == 0 else {
            let lines = try saidLast().split(separator: "\n").suffix(5)
            for line in lines { Console.note(String(line)) }
            let name = command[0].split(separator: "/").last ?? ""
            throw Trouble(.software, "\(name) ended with \(ended.code)", hint: "see \(root) with --keep")
        }
        return [.wall: ended.wall, .cpu: ended.cpu, .memory: Double(ended.kibibytes) / 1024]
    }

    /// Runs a program of ours and takes the numbers in what it says last.
    func numbers(_ command: [String], count: Int) throws -> [Double] {
        try run(command)
        let line = try saidLast().split(separator: "\n").last ?? ""
        let numbers = line.split(separator: " ").compactMap { Double($0) }
        guard numbers.count == count else {
            throw Trouble(
                .software,
                "\(command.joined(separator: " ")) said '\(line)'",
                hint: "see \(root) with --keep"
            )
        }
        return numbers
    }

    func saidLast() throws -> String { try text(of: said) }

    func text(of path: String) throws -> String {
        String(decoding: try WholeFile.read(path, limit: 1 << 20), as: UTF8.self)
    }

    /// Waits until `condition` holds, for ten seconds.
    func wait(until wanted: String, _ condition: () throws -> Bool) throws {
        for _ in 0..<100 {
            if try condition() { return }
            usleep(100_000)
        }
        throw Trouble(.unavailable, "not after ten seconds: \(wanted)", hint: "see \(root) with --keep")
    }

    // MARK: - Outputs

    /// Not those above it: what is being removed must not come back.
    func makeDirectory(_ path: String) throws {
        guard mkdir(path, 0o755) == 0 else { throw SystemError(operation: .create, path: path, code: errno) }
    }

    func remove(_ paths: [String]) throws { try run(["rm", "-rf", "--"] + paths) }

    func removeOutputs() throws {
        try remove([output])
        try makeDirectory(output)
    }

    func setOutputsAside() throws {
        if access(kept, F_OK) != 0 { try makeDirectory(kept) }
        var number = 0
        while rename(output, "\(kept)/\(number)") != 0 {
            guard errno == ENOTEMPTY || errno == EEXIST else {
                throw SystemError(operation: .rename, path: output, code: errno)
            }
            number += 1
        }
        try makeDirectory(output)
    }
}
