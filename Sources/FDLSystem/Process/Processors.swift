import CLinux

/// The processors that this process may run on: fewer than there are under taskset(1) or in a container's cpuset.
package enum Processors {
    package static var usable: Int { max(1, Int(fdl_usable_processors())) }
}
