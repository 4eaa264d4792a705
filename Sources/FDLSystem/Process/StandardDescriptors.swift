import Glibc

/// The descriptors 0, 1 and 2.
package enum StandardDescriptors {
    /// Opens those that are closed to `/dev/null`. Otherwise the next file that is opened becomes standard output or
    /// standard error, and gets what is printed.
    ///
    /// Each is opened for the other direction: reading or writing there fails, as with a closed one, so that a
    /// download to a standard output that is not there does not pass for one.
    package static func openClosed() {
        for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) == -1 && errno == EBADF {
            // The lowest free number is this one.
            _ = open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY)
        }
    }
}
