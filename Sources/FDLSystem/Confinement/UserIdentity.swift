// For group, which the compiler takes to be declared in one of CLinux's headers.
import CLinux
import Glibc

/// A user and a group to run as.
package struct UserIdentity: Sendable, Hashable {
    package let user: UInt32
    package let group: UInt32

    package init(user: UInt32, group: UInt32) {
        self.user = user
        self.group = group
    }

    /// Looks up `NAME[:GROUP]`, names or numbers. Without a group it is the account's own, for a number without an account
    /// the one of the same number.
    /// - Throws: `ConfinementError.unknownUser`, `.unknownGroup`.
    package init(_ text: String) throws(ConfinementError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let account = Self.account(parts[0])
        // A number that is reserved for "leave it as it is" is none.
        let number = UInt32(parts[0]).flatMap { $0 == .max ? nil : $0 }
        guard let user = account?.user ?? number else { throw .unknownUser(parts[0]) }
        if parts.count > 1 {
            let number = UInt32(parts[1]).flatMap { $0 == .max ? nil : $0 }
            guard let group = Self.group(parts[1]) ?? number else { throw .unknownGroup(parts[1]) }
            self.init(user: user, group: group)
        } else {
            self.init(user: user, group: account?.group ?? user)
        }
    }

    private static func account(_ name: String) -> (user: UInt32, group: UInt32)? {
        var (entry, found) = (passwd(), UnsafeMutablePointer<passwd>?.none)
        let code = withBuffer { getpwnam_r(name, &entry, $0, $1, &found) }
        return code == 0 && found != nil ? (entry.pw_uid, entry.pw_gid) : nil
    }

    private static func group(_ name: String) -> UInt32? {
        var (entry, found) = (Glibc.group(), UnsafeMutablePointer<Glibc.group>?.none)
        let code = withBuffer { getgrnam_r(name, &entry, $0, $1, &found) }
        return code == 0 && found != nil ? entry.gr_gid : nil
    }

    /// Calls again with a larger buffer while it is too small, as a group with many members needs.
    private static func withBuffer(_ call: (UnsafeMutablePointer<CChar>, Int) -> Int32) -> Int32 {
        var size = 4 << 10
        while true {
            let code = withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) {
                $0.baseAddress.map { call($0, size) } ?? ENOMEM
            }
            guard code == ERANGE, size < 4 << 20 else { return code }
            size *= 4
        }
    }
}
