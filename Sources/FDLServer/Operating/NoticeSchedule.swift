import NIOCore

/// When something that happens again and again is said: at once the first time, then once a minute with its number.
/// A value that is told the time.
struct NoticeSchedule {
    /// From one time that it is said to the next, at least.
    static let pause = TimeAmount.minutes(1)

    private var unsaid = 0
    private var next = NIODeadline.distantPast

    /// It has happened.
    /// - Returns: how often since it was said last, if it is to be said now.
    mutating func happened(now: NIODeadline) -> Int? {
        unsaid += 1
        return due(now: now)
    }

    /// - Returns: how often it has happened since it was said last, if that is to be said now.
    mutating func due(now: NIODeadline) -> Int? {
        guard unsaid > 0, now >= next else { return nil }
        defer { unsaid = 0 }
        next = now + Self.pause
        return unsaid
    }
}
