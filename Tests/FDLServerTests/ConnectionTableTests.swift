import NIOCore
import NIOEmbedded
import TestSupport
import Testing

@testable import FDLServer

@Suite("Who has room, and who makes it")
struct ConnectionTableTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private func rules(
        _ connections: Int,
        each: Int? = nil,
        _ exceptions: [(String, Int)] = [],
        proxies: [String] = []
    ) -> ConnectionRules {
        var limits = WorkerLimits()
        limits.connectionsPerAddress = each
        limits.addressLimits = exceptions.compactMap { text, count in
            AddressRange(text).map { AddressLimit(range: $0, connections: count) }
        }
        return ConnectionRules(limits, connections: connections, proxies: proxies.compactMap { AddressRange($0) })
    }

    private func address(_ last: UInt8, net: UInt8 = 1) -> ClientAddress { ClientAddress(bytes: [10, 0, net, last]) }

    private func seat(_ second: Int64, busy: Bool = false) -> ConnectionSeat {
        let seat = ConnectionSeat(EmbeddedChannel(), now: Self.start + .seconds(second))
        if busy { seat.note(.answering, now: Self.start) }
        return seat
    }

    private func replaced(_ admission: ConnectionTable.Admission) -> (ConnectionSeat, LimitNotices.Kind)? {
        if case .replacing(let seat, let kind) = admission { return (seat, kind) }
        return nil
    }

    @Test func `at its limit an address's own connection that waits longest makes room`() throws {
        var table = ConnectionTable(rules(100, each: 3))
        let stranger = seat(0)
        _ = table.admit(stranger, from: address(9))
        let seats = [seat(5), seat(2, busy: true), seat(3)]
        for one in seats { _ = table.admit(one, from: address(1)) }
        let admission = table.admit(seat(7), from: address(1))
        let (gone, kind) = try #require(replaced(admission))
        #expect(gone === seats[2])
        #expect(kind == .addressLimit)
        #expect(table.count == 5)
        // It closes; then the next one goes.
        table.remove(seats[2].identity)
        let second = table.admit(seat(8), from: address(1))
        let next = try #require(replaced(second))
        #expect(next.0 === seats[0])
    }

    @Test func `where none waits the new one is refused, and is not counted`() {
        var table = ConnectionTable(rules(100, each: 2))
        for _ in 0..<2 { _ = table.admit(seat(0, busy: true), from: address(1)) }
        guard case .refused(.addressRefused) = table.admit(seat(1), from: address(1)) else {
            Issue.record("not refused")
            return
        }
        #expect(table.count == 2)
        guard case .admitted = table.admit(seat(1), from: address(2)) else {
            Issue.record("another address is not admitted")
            return
        }
    }

    @Test func `at the limit of all the one that waits longest makes room, whosever it is`() throws {
        var table = ConnectionTable(rules(3, each: 3))
        let seats = [seat(5), seat(1), seat(3)]
        for (number, one) in seats.enumerated() { _ = table.admit(one, from: address(UInt8(number))) }
        let admission = table.admit(seat(9), from: address(9))
        let (gone, kind) = try #require(replaced(admission))
        #expect(gone === seats[1])
        #expect(kind == .connectionLimit)
        // One that was told to go and is at work after all stays, and counts again.
        table.stay(gone.identity)
        gone.note(.answering, now: Self.start)
        let another = table.admit(seat(10), from: address(8))
        let (second, _) = try #require(replaced(another))
        #expect(second === seats[2])
    }

    @Test func `one that has worked since waits from then on`() throws {
        var table = ConnectionTable(rules(2, each: 2))
        let (first, second) = (seat(1), seat(2))
        _ = table.admit(first, from: address(1))
        _ = table.admit(second, from: address(1))
        first.note(.answering, now: Self.start + .seconds(3))
        first.note(.idle, now: Self.start + .seconds(4))
        let admission = table.admit(seat(5), from: address(1))
        let (gone, _) = try #require(replaced(admission))
        #expect(gone === second)
    }

    @Test func `an IPv6 network of 64 bits is one address`() {
        var table = ConnectionTable(rules(100, each: 1))
        func v6(_ net: UInt8, _ last: UInt8) -> ClientAddress {
            ClientAddress(bytes: [0x20, 1, 0xd, 0xb8, 0, 0, 0, net, 0, 0, 0, 0, 0, 0, 0, last])
        }
        _ = table.admit(seat(0, busy: true), from: v6(1, 1))
        guard case .refused = table.admit(seat(0), from: v6(1, 2)) else {
            Issue.record("admitted")
            return
        }
        guard case .admitted = table.admit(seat(0), from: v6(2, 1)) else {
            Issue.record("refused")
            return
        }
    }

    @Test func `exceptions, the narrowest first, and proxies`() {
        let rules = rules(1000, each: 5, [("10.0.0.0/8", 50), ("10.0.1.7", 7)], proxies: ["192.0.2.0/24"])
        #expect(rules.limit(for: address(1)) == 50)
        #expect(rules.limit(for: address(7)) == 7)
        #expect(rules.limit(for: ClientAddress(bytes: [11, 0, 0, 1])) == 5)
        #expect(rules.limit(for: ClientAddress(bytes: [192, 0, 2, 1])) == .max)
        #expect(self.rules(4096).limit(for: address(1)) == 1024)
        #expect(self.rules(8).limit(for: address(1)) == 64)
    }

    @Test func `a proxy's connection counts for its client once that is known`() {
        var table = ConnectionTable(rules(100, each: 1, proxies: ["10.0.9.0/24"]))
        let seats = [seat(0, busy: true), seat(0, busy: true), seat(0)]
        for one in seats {
            guard case .admitted = table.admit(one, from: address(1, net: 9)) else {
                Issue.record("a proxy is refused")
                return
            }
        }
        guard case .admitted = table.move(seats[0].identity, to: address(1)),
            case .refused(.addressRefused) = table.move(seats[1].identity, to: address(1)),
            case .admitted = table.move(seats[2].identity, to: address(2))
        else {
            Issue.record("not as it should be")
            return
        }
        for one in seats { table.remove(one.identity) }
        #expect(table.count == 0)
    }

    @Test func `with smaller bounds those go that wait longest, first where an address has too many`() throws {
        var table = ConnectionTable(rules(100, each: 10))
        let many = [seat(5), seat(2), seat(9, busy: true), seat(3)]
        for one in many { _ = table.admit(one, from: address(1)) }
        let others = [seat(4), seat(1), seat(6)]
        for (number, one) in others.enumerated() { _ = table.admit(one, from: address(UInt8(number + 2))) }
        let first = table.replace(rules(100, each: 2))
        #expect(Set(first.map(\.identity)) == Set([many[1], many[3]].map(\.identity)))
        let none = table.replace(rules(100, each: 2))
        #expect(none.isEmpty)
        let second = table.replace(rules(3, each: 2))
        #expect(second.map(\.identity) == [others[1], others[0]].map(\.identity))
        for one in first + second { table.remove(one.identity) }
        #expect(table.count == 3)
        // What is answered stays, also where it alone is too much.
        let last = table.replace(rules(1, each: 1))
        #expect(last.count == 2)
        // With larger ones there is room again.
        _ = table.replace(rules(100, each: 10))
        guard case .admitted = table.admit(seat(0), from: address(1)) else {
            Issue.record("not admitted")
            return
        }
    }

    /// Whatever comes and goes, no more than allowed are there that were not told to go.
    @Test(arguments: UInt64(1)...20)
    func `bounds hold`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let (all, each) = (Int.random(in: 1...20, using: &random), Int.random(in: 1...8, using: &random))
        var table = ConnectionTable(rules(all, each: each))
        var open: [(seat: ConnectionSeat, address: ClientAddress)] = []
        var told: [ConnectionSeat] = []
        for step in 0..<2000 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let address = address(UInt8.random(in: 0..<5, using: &random))
                let one = seat(Int64(step), busy: Bool.random(using: &random))
                switch table.admit(one, from: address) {
                case .admitted: open.append((one, address))
                case .replacing(let other, _):
                    told.append(other)
                    open.append((one, address))
                case .refused: break
                }
            case 5..<7:
                guard let index = open.indices.randomElement(using: &random) else { continue }
                table.remove(open[index].seat.identity)
                told.removeAll { $0 === open[index].seat }
                open.remove(at: index)
            case 7:
                guard let index = told.indices.randomElement(using: &random) else { continue }
                table.remove(told[index].identity)
                open.removeAll { $0.seat === told[index] }
                told.remove(at: index)
            default:
                open.randomElement(using: &random)?.seat.note(
                    Bool.random(using: &random) ? .answering : .idle,
                    now: Self.start + .seconds(Int64(step))
                )
            }
            #expect(table.count == open.count)
            #expect(open.count - told.count <= all)
            let staying = open.filter { one in !told.contains { $0 === one.seat } }
            for (_, group) in Dictionary(grouping: staying, by: \.address) { #expect(group.count <= each) }
        }
    }
}

@Suite("Addresses of clients")
struct ClientAddressTests {
    @Test func `an IPv4 address within IPv6 is that IPv4 address`() throws {
        let mapped = try SocketAddress(ipAddress: "::ffff:192.0.2.1", port: 1)
        #expect(ClientAddress(mapped) == ClientAddress(try SocketAddress(ipAddress: "192.0.2.1", port: 2)))
        #expect("\(ClientAddress(mapped))" == "192.0.2.1")
        let v6 = ClientAddress(try SocketAddress(ipAddress: "2001:db8:0:7::1", port: 1))
        #expect("\(v6.group)" == "2001:db8:0:7:0:0:0:0")
        #expect(ClientAddress(nil).bytes.isEmpty)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.9.8.7", true), ("10.0.0.0/8", "11.0.0.1", false), ("::/0", "::1", true),
        ("::/0", "10.0.0.1", false), ("127.0.0.1", "127.0.0.1", true), ("127.0.0.1", "127.0.0.2", false),
        ("2001:db8::/33", "2001:db8:8000::", false),
    ])
    func ranges(range: String, address: String, isIn: Bool) throws {
        let address = ClientAddress(try SocketAddress(ipAddress: address, port: 1))
        #expect(try #require(AddressRange(range)).contains(address) == isIn)
    }

    @Test(arguments: [
        "", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "::/129", "/8", "a/8", "::1/1/1", "1/ 8",
    ])
    func `no range`(text: String) { #expect(AddressRange(text) == nil) }
}

@Suite("Descriptors for connections")
struct DescriptorBudgetTests {
    @Test func `two for each, and a reserve`() {
        #expect(DescriptorBudget.connections(wanted: 4096, limit: 1 << 20, inUse: 30) == 4096)
        #expect(DescriptorBudget.connections(wanted: 4096, limit: 1024, inUse: 28) == 450)
        #expect(DescriptorBudget.connections(wanted: 4096, limit: 40, inUse: 20) == 7)
        #expect(DescriptorBudget.connections(wanted: 4096, limit: 10, inUse: 20) == 1)
        for limit in stride(from: 20, to: 5000, by: 7) {
            let count = DescriptorBudget.connections(wanted: .max, limit: limit, inUse: 20)
            #expect(count == 1 || 2 * count + 20 < limit)
        }
    }
}
