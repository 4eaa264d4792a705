import FDLSystem
import TestSupport

extension TemporaryFolder {
    /// The directories of a user who has nothing but this folder.
    var directories: UserDirectories {
        UserDirectories(environment: ["XDG_CONFIG_HOME": "\(path)/config", "XDG_STATE_HOME": "\(path)/state"])
    }
}
