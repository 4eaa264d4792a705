public import FDLSystem
import Glibc

extension UserDirectories {
    /// Those of the user who runs the program.
    public static var current: UserDirectories {
        let names = ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"]
        let pairs = names.compactMap { name in getenv(name).map { (name, String(cString: $0)) } }
        return UserDirectories(environment: Dictionary(uniqueKeysWithValues: pairs))
    }
}
