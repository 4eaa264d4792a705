import Glibc

/// What the user's umask takes from the files that this process makes.
package enum Umask {
    /// Leaves the owner what a umask of 0222 or 0777 would take: partial outputs and notes of what was seen are for this
    /// user to read and write again. To be called once, before any other thread runs.
    package static func keepOwnerBits() {
        let mask = umask(0o077)
        umask(mask & 0o077)
    }
}
