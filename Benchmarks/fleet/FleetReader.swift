import FDLPlan

/// One reader: the client's own plan, and its line.
struct FleetReader {
    var plan: DownloadPlan
    var line: FleetLine
    /// By connection, as the plan knows them.
    var flows: [Int: Int] = [:]
    /// When the plan wants to be told the time, and when it will be.
    var wake = Double.infinity
    var tick = Double.infinity
    let begin: Double
    var end: Double?
    var hasFailed = false
    var requests = 0
    var received = 0

    init(plan: DownloadPlan, rate: Double, begin: Double) {
        self.plan = plan
        line = FleetLine(rate: rate)
        self.begin = begin
    }

    var isOver: Bool { end != nil }
}
