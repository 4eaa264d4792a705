import Glibc

extension UserDirectories {
    /// Those of the user who runs the program.
    public static var current: UserDirectories {
        var environment: [String: [UInt8]] = [:]
        for name in ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
            environment[name] = getenv(name).map { bytes($0) }
        }
        return UserDirectories(environment: environment) { home(of: getuid()) }
    }

    /// The home directory that the system's accounts name; nil if there is no such account or nobody can tell.
    private static func home(of user: uid_t) -> [UInt8]? {
        var size = 1 << 10
        while size <= 1 << 20 {
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            var buffer = [CChar](repeating: 0, count: size)
            let home: (code: Int32, bytes: [UInt8]?) = buffer.withUnsafeMutableBufferPointer { buffer in
                guard let start = buffer.baseAddress else { return (ENOMEM, nil) }
                let code = getpwuid_r(user, &entry, start, buffer.count, &found)
                // What it points to lies in the buffer.
                return (code, code == 0 && found != nil ? entry.pw_dir.map { bytes($0) } : nil)
            }
            switch home.code {
            case 0: return home.bytes
            case ERANGE: size *= 4
            case EINTR: continue
            default: return nil
            }
        }
        return nil
    }

    private static func bytes(_ text: UnsafeMutablePointer<CChar>) -> [UInt8] {
        (0..<strlen(text)).map { UInt8(bitPattern: text[$0]) }
    }
}
