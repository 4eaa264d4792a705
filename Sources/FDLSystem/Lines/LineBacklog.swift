/// Lines that wait to be written, up to a bound in bytes. What comes when there is no room is dropped and counted.
struct LineBacklog {
    private let capacity: Int
    private var waiting: [UInt8] = []
    /// The lines that had no room since the last batch was taken.
    private(set) var dropped = 0

    /// - Parameter capacity: in bytes.
    init(capacity: Int) {
        self.capacity = capacity
    }

    var isEmpty: Bool { waiting.isEmpty && dropped == 0 }

    /// Takes a line and adds its newline.
    /// - Returns: false if there was no room for it.
    @discardableResult
    mutating func add(_ line: String) -> Bool {
        // A line before the dropped ones were told of would hide where they are missing.
        guard dropped == 0, waiting.count + line.utf8.count < capacity else {
            dropped += 1
            return false
        }
        waiting += line.utf8
        waiting.append(UInt8(ascii: "\n"))
        return true
    }

    /// Counts lines that could not be written.
    mutating func lose(_ lines: Int) { dropped += lines }

    /// Takes all that waits, and how many lines are missing after it.
    mutating func take() -> (bytes: [UInt8], dropped: Int) {
        defer {
            waiting = []
            dropped = 0
        }
        return (waiting, dropped)
    }
}
