import CLinux
import Glibc

/// What a thread may do beyond its user (capabilities(7)), a bit each.
struct Capabilities: Equatable {
    let effective: UInt64
    let permitted: UInt64
    let inheritable: UInt64

    /// To read every file and enter every directory.
    static let readAll: UInt64 = 1 << UInt64(FDL_CAP_DAC_READ_SEARCH)

    /// Those of this thread.
    static func current() throws(SystemError) -> Capabilities {
        var (effective, permitted, inheritable): (UInt64, UInt64, UInt64) = (0, 0, 0)
        try check(.other("look at the capabilities of this process")) {
            fdl_get_capabilities(&effective, &permitted, &inheritable)
        }
        return Capabilities(effective: effective, permitted: permitted, inheritable: inheritable)
    }

    /// Takes all of them from any program that this thread, or one that it starts, would run.
    static func dropBounding() {
        // Dropping these needs a capability itself. Who lacks it, lacks the rest as well, or never gets it: no program
        // that is started from here gains any (no_new_privs).
        for number in UInt(0)..<64 where fdl_drop_bounding(number) != 0 && errno == EINVAL { break }
        _ = fdl_clear_ambient()
    }

    /// Leaves this thread, and those it starts, no more than `kept`.
    static func keep(only kept: UInt64) throws(SystemError) {
        let now = try current()
        // Whoever has nothing to give up is not asked to: a sandbox may forbid the call.
        if (now.effective | now.permitted) & ~kept == 0, now.inheritable == 0 { return }
        let permitted = now.permitted
        try check(.other("give up the capabilities of this process")) { fdl_set_capabilities(permitted & kept) }
    }
}
