import FDLCommand
import FDLCore

extension UTCTime {
    /// The time and how far from `now` it is: `2027-01-01T00:00:00Z, in 33 d 4 h`.
    func shown(from now: UTCTime) -> String {
        let seconds = secondsSince1970 - now.secondsSince1970
        let distance = Duration.seconds(abs(seconds)).shown
        return "\(self), " + (seconds >= 0 ? "in \(distance)" : "\(distance) ago")
    }
}
