/// Which chunks are to be compressed, which are being compressed, and who waits for each. A value that compresses
/// nothing itself.
///
/// However many ask for one chunk, it is compressed once. What waits is bounded, in jobs and in bytes. A job that nobody
/// waits for any more is dropped unless it has begun.
struct CompressionQueue<Key: Hashable & Sendable, Job: Sendable, Waiter: Sendable> {
    /// Someone's place among those who wait for a job.
    struct Ticket: Sendable {
        let key: Key
        fileprivate let number: Int
    }

    private struct Flight {
        /// Nil once it has begun.
        var job: Job?
        let bytes: Int
        var waiters: [Int: Waiter] = [:]
    }

    private let maximumJobs: Int
    private let maximumBytes: Int
    private var flights: [Key: Flight] = [:]
    /// Those that have not begun, in the order in which they came.
    private var order: [Key] = []
    private var queuedBytes = 0
    private var lastNumber = 0

    /// - Parameters:
    ///   - maximumJobs: how many may wait to begin.
    ///   - maximumBytes: how many bytes they may have together, if they are more than one.
    init(maximumJobs: Int, maximumBytes: Int) {
        self.maximumJobs = maximumJobs
        self.maximumBytes = maximumBytes
    }

    /// How many jobs have not begun.
    var waitingJobs: Int { order.count }

    /// What became of a wish.
    enum Joined {
        /// The job was there already.
        case shared(Ticket)
        /// The job is new: a thread is to begin one.
        case queued(Ticket)
        /// There is no room for one more job.
        case full
    }

    /// - Parameters:
    ///   - bytes: what the job will have to read.
    ///   - job: taken if nobody has asked for the same yet.
    mutating func join(_ key: Key, bytes: Int, job: Job, waiter: Waiter) -> Joined {
        lastNumber += 1
        let ticket = Ticket(key: key, number: lastNumber)
        if flights[key] != nil {
            flights[key]?.waiters[ticket.number] = waiter
            return .shared(ticket)
        }
        guard order.isEmpty || order.count < maximumJobs && queuedBytes + bytes <= maximumBytes else { return .full }
        flights[key] = Flight(job: job, bytes: bytes, waiters: [ticket.number: waiter])
        order.append(key)
        queuedBytes += bytes
        return .queued(ticket)
    }

    /// Someone waits no longer.
    /// - Returns: who that was; nil if the job has ended.
    mutating func leave(_ ticket: Ticket) -> Waiter? {
        guard let waiter = flights[ticket.key]?.waiters.removeValue(forKey: ticket.number) else { return nil }
        if let flight = flights[ticket.key], flight.waiters.isEmpty, flight.job != nil {
            flights[ticket.key] = nil
            removeFromOrder(ticket.key, bytes: flight.bytes)
        }
        return waiter
    }

    /// The next job begins.
    /// - Returns: nil if none waits.
    mutating func begin() -> (key: Key, job: Job)? {
        guard let key = order.first, let flight = flights[key], let job = flight.job else { return nil }
        flights[key]?.job = nil
        removeFromOrder(key, bytes: flight.bytes)
        return (key, job)
    }

    /// A job is done.
    /// - Returns: who waits for it.
    mutating func end(_ key: Key) -> [Waiter] {
        flights.removeValue(forKey: key).map { Array($0.waiters.values) } ?? []
    }

    private mutating func removeFromOrder(_ key: Key, bytes: Int) {
        guard let index = order.firstIndex(of: key) else { return }
        order.remove(at: index)
        queuedBytes -= bytes
    }
}
