import FDLCore
import Fleet
import Glibc

/// The tables of docs/scale.md: readers of a file of 100 GB, simulated.
///
/// The file of the simulation is smaller by `divisor`, in chunks of the same size, and its times are multiplied by it.
/// What happens once for each reader or server (connecting, finding out who lacks what, the end) then weighs so many
/// times more than it would.
struct ScaleTable {
    let divisor: Int

    private static let fileBytes = 100_000_000_000

    private func setup(_ tier: FleetSetup.Tier, readers: Int) -> FleetSetup {
        let chunk = ChunkSize.standard(totalBytes: Int64(Self.fileBytes)).bytes
        return FleetSetup(tier, readers: readers, chunks: max(1, Self.fileBytes / chunk / divisor))
    }

    /// Servers of three kinds, and ever more readers that begin at once.
    func tiers(only wanted: Int?) {
        header("servers | readers")
        let tiers: [(String, FleetSetup.Tier)] = [
            ("1 origin", .origin), ("3 caches", .caches(3)), ("10 fragments, R = 2", .fragments(10, replicas: 2)),
        ]
        for (name, tier) in tiers {
            for readers in [10, 100, 1000] where wanted == nil || wanted == readers {
                row("\(name) | \(readers)", setup(tier, readers: readers))
            }
        }
    }

    /// Where caches stop to serve.
    func caches() {
        header("caches")
        var plain = setup(.caches(3), readers: 100)
        row("100 readers at once", plain)
        plain.isRanked = false
        row("… without affinity", plain)
        let whole = setup(.caches(3), readers: 100).leastTime
        for (word, arrival) in [("at once", 0), ("over a tenth of their time", whole / 10), ("over all of it", whole)] {
            for share in [50, 40, 30, 20, 10, 5] {
                var setup = setup(.caches(3), readers: 100)
                setup.arrival = arrival
                setup.cacheRoom = setup.chunks * share / 100
                row("100 readers \(word), each cache has room for \(share) %", setup)
            }
        }
        for count in [1, 2, 3, 6, 12] { row("100 readers, \(count) caches", setup(.caches(count), readers: 100)) }
        var slow = setup(.caches(3), readers: 100)
        slow.originRate = 1e9 / 8
        row("100 readers, an origin of 1 Gbit/s", slow)
        var failing = setup(.caches(3), readers: 100)
        failing.firstServerFails = failing.leastTime / 2
        row("100 readers, one cache gone at half time", failing)
    }

    private func header(_ first: String) {
        let rest = "origin sends | busiest server | requests a chunk | slowest | mean | narrowest link | ÷"
        let columns = "\(first) | \(rest)"
        print("| \(columns) |")
        print("|\(String(repeating: "---|", count: columns.split(separator: "|").count))")
    }

    private func row(_ name: String, _ setup: FleetSetup) {
        var fleet = Fleet(setup)
        let result = fleet.run()
        let cells = [
            setup.hasOrigin ? "\(hundredths(result.originFiles)) files" : "–",
            "\(hundredths(result.busiestServerFiles)) files",
            hundredths(result.requestsForEachChunk), time(result.slowestReader), time(result.meanReader),
            time(setup.leastTime), hundredths(result.time / setup.leastTime),
        ]
        let failures = result.failures == 0 ? "" : " (\(result.failures) FAILED)"
        print("| \(name)\(failures) | \(cells.joined(separator: " | ")) |")
        // Some rows take minutes.
        fflush(nil)
    }

    private func hundredths(_ value: Double) -> String { String(fixed(value + 0.005).dropLast(4)) }

    /// Hours and minutes of the whole file.
    private func time(_ seconds: Double) -> String {
        let minutes = Int((seconds * Double(divisor) / 60).rounded())
        return "\(minutes / 60) h \(minutes % 60 < 10 ? "0" : "")\(minutes % 60)"
    }
}
