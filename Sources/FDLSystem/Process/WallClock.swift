public import FDLCore
import Glibc

/// The time of day.
package enum WallClock {
    /// Since 1970-01-01T00:00:00Z.
    package static var seconds: Int64 {
        var now = timespec()
        // The coarse clock is a few milliseconds behind and costs a quarter.
        clock_gettime(CLOCK_REALTIME_COARSE, &now)
        return Int64(now.tv_sec)
    }

    /// Since 1970-01-01T00:00:00Z.
    package static var nanoseconds: Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
    }
}

extension UTCTime {
    /// The present second.
    public static var now: UTCTime { UTCTime(secondsSince1970: WallClock.seconds) }
}
