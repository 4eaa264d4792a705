import FoundationEssentials
import Glibc

/// A program that tests run.
enum Program: Sendable {
    case sign, server, secure
    /// Another program that was built, such as an example.
    case built(String)
    /// A script of `tools/`.
    case tool(String)
    /// A program of the system, looked up on the path.
    case system(String)

    /// Where the executable is. The built programs lie beside the test bundle, wherever that was built.
    var path: String {
        switch self {
        case .sign: Self.directory + "/fdl-sign"
        case .server: Self.directory + "/fdl-secure-server"
        case .secure: Self.directory + "/fdl-secure"
        case .built(let name): Self.directory + "/" + name
        case .tool(let name): Self.sources + "/tools/" + name
        case .system(let name): name
        }
    }

    /// The directory of the running test bundle.
    static let directory: String = {
        guard let resolved = realpath("/proc/self/exe", nil) else { return "" }
        defer { free(resolved) }
        let executable = String(cString: resolved)
        return executable.split(separator: "/").dropLast().map { "/" + $0 }.joined()
    }()

    /// The root of the sources, where `tools/` lies: where this was built from, or where `tools/test` says that a copy
    /// lies which an ordinary user can read.
    static let sources: String = {
        if let copy = ProcessInfo.processInfo.environment["FDL_TEST_SOURCES"] { return copy }
        let here = #filePath
        return here.split(separator: "/").dropLast(4).map { "/" + $0 }.joined()
    }()

    /// A configuration that is handed out, as it lies in `packaging/`.
    static func packaged(_ name: String) -> String { "\(sources)/packaging/\(name)" }

    /// What every program is given: nothing of the person's who runs the tests.
    static func environment(home: String) -> [String: String] {
        let own = ProcessInfo.processInfo.environment
        var environment = [
            "PATH": (own["PATH"] ?? "/usr/bin:/bin") + ":/usr/sbin:/sbin",
            "HOME": home,
            "LANG": "C.UTF-8",
            "XDG_CONFIG_HOME": home + "/config",
            "XDG_STATE_HOME": home + "/state",
            // Tests count a worker's descriptors.
            "FDL_TEST_DUMPABLE": "1",
        ]
        for name in ["LD_LIBRARY_PATH", "TMPDIR", "ASAN_OPTIONS", "TSAN_OPTIONS"] { environment[name] = own[name] }
        return environment
    }
}
