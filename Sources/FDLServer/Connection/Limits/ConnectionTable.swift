import NIOCore

/// Who is connected, by address, and who has to go when there is no room. A value that closes nothing itself.
///
/// At an address's limit its connection that waits longest makes room, at the limit of all the one that waits longest
/// of all; those on which something is answered stay. If none waits, the new one is refused.
struct ConnectionTable {
    /// What becomes of a connection that comes.
    enum Admission {
        case admitted
        /// Admitted, in place of another that is to close.
        case replacing(ConnectionSeat, LimitNotices.Kind)
        case refused(LimitNotices.Kind)
    }

    private struct Entry {
        let seat: ConnectionSeat
        var group: ClientAddress
        /// Told to close: it no longer counts.
        var isLeaving = false
    }

    private(set) var rules: ConnectionRules
    private var entries: [ObjectIdentifier: Entry] = [:]
    private var groups: [ClientAddress: Group] = [:]
    private var leaving = 0
    private var longest = LongestWaiting()

    /// The connections of one address.
    private struct Group {
        var members: Set<ObjectIdentifier> = []
        var leaving = 0
        var longest = LongestWaiting()

        var count: Int { members.count - leaving }
    }

    init(_ rules: ConnectionRules) {
        self.rules = rules
    }

    /// How many are open, those that are closing included.
    var count: Int { entries.count }

    var seats: [ConnectionSeat] { entries.values.map(\.seat) }

    var identities: Set<ObjectIdentifier> { Set(entries.keys) }

    /// Takes in a connection, or refuses it; then it is not counted.
    mutating func admit(_ seat: ConnectionSeat, from address: ClientAddress) -> Admission {
        let group = address.group
        let admission = roomAtAddress(group, address) ?? roomAmongAll() ?? .admitted
        if case .refused = admission { return admission }
        entries[seat.identity] = Entry(seat: seat, group: group)
        groups[group, default: Group()].members.insert(seat.identity)
        return admission
    }

    /// A connection turns out to be of another address: its proxy says so.
    /// - Returns: `.refused` if that address has too many: then it still counts as it did, and is to be closed.
    mutating func move(_ identity: ObjectIdentifier, to address: ClientAddress) -> Admission {
        guard let entry = entries[identity], !entry.isLeaving else { return .admitted }
        let group = address.group
        let admission = roomAtAddress(group, address) ?? .admitted
        if case .refused = admission { return admission }
        removeFromGroup(identity, entry)
        entries[identity]?.group = group
        groups[group, default: Group()].members.insert(identity)
        return admission
    }

    /// A connection that was to make room does not: something is answered on it again.
    mutating func stay(_ identity: ObjectIdentifier) {
        guard let entry = entries[identity], entry.isLeaving else { return }
        entries[identity]?.isLeaving = false
        groups[entry.group]?.leaving -= 1
        leaving -= 1
    }

    mutating func remove(_ identity: ObjectIdentifier) {
        guard let entry = entries.removeValue(forKey: identity) else { return }
        if entry.isLeaving { leaving -= 1 }
        removeFromGroup(identity, entry)
    }

    /// The one that waits longest of all is to close: the system has no room for one more.
    mutating func makeRoom() -> ConnectionSeat? {
        let entries = entries
        guard let identity = longest.next(among: entries.keys, waitingSince: { Self.waiting(entries[$0]) }) else {
            return nil
        }
        return leave(identity)
    }

    /// Other rules count from now on.
    /// - Returns: those that are to close since there are more than these allow: the ones that wait longest. Those on
    ///   which something is answered stay, also where they are too many.
    mutating func replace(_ rules: ConnectionRules) -> [ConnectionSeat] {
        self.rules = rules
        var leaving: [ConnectionSeat] = []
        let entries = entries
        for (address, group) in groups {
            let excess = group.count - min(rules.limit(for: address), group.count)
            let waiting = group.members.compactMap { identity in
                Self.waiting(entries[identity]).map { (identity: identity, since: $0) }
            }
            leaving += waiting.sorted { $0.since < $1.since }.prefix(excess).compactMap { leave($0.identity) }
        }
        while self.entries.count - self.leaving > rules.connections, let seat = makeRoom() { leaving.append(seat) }
        return leaving
    }

    private mutating func removeFromGroup(_ identity: ObjectIdentifier, _ entry: Entry) {
        groups[entry.group]?.members.remove(identity)
        if entry.isLeaving { groups[entry.group]?.leaving -= 1 }
        if groups[entry.group]?.members.isEmpty == true { groups[entry.group] = nil }
    }

    private mutating func roomAtAddress(_ group: ClientAddress, _ address: ClientAddress) -> Admission? {
        guard let count = groups[group]?.count, count >= rules.limit(for: address) else { return nil }
        let members = groups[group]?.members ?? []
        let entries = entries
        guard let identity = groups[group]?.longest.next(among: members, waitingSince: { Self.waiting(entries[$0]) }),
            let seat = leave(identity)
        else { return .refused(.addressRefused) }
        return .replacing(seat, .addressLimit)
    }

    private mutating func roomAmongAll() -> Admission? {
        guard entries.count - leaving >= rules.connections else { return nil }
        return makeRoom().map { .replacing($0, .connectionLimit) } ?? .refused(.connectionRefused)
    }

    private mutating func leave(_ identity: ObjectIdentifier) -> ConnectionSeat? {
        guard let entry = entries[identity], !entry.isLeaving else { return nil }
        entries[identity]?.isLeaving = true
        groups[entry.group]?.leaving += 1
        leaving += 1
        return entry.seat
    }

    private static func waiting(_ entry: Entry?) -> NIODeadline? {
        guard let entry, !entry.isLeaving else { return nil }
        return entry.seat.waitingSince
    }
}

/// Finds those who wait longest. To look through all each time would make a flood of connections dear, so it keeps a few
/// from one look for the next times: one that still waits since then still waits longest of those who were there.
private struct LongestWaiting {
    private static let kept = 64

    /// The longest waiting one last.
    private var candidates: [(identity: ObjectIdentifier, since: NIODeadline)] = []

    mutating func next(
        among all: some Collection<ObjectIdentifier>,
        waitingSince: (ObjectIdentifier) -> NIODeadline?
    ) -> ObjectIdentifier? {
        for _ in 0..<2 {
            while let candidate = candidates.popLast() {
                if waitingSince(candidate.identity) == candidate.since { return candidate.identity }
            }
            let waiting = all.compactMap { identity in waitingSince(identity).map { (identity: identity, since: $0) } }
            candidates = Array(waiting.sorted { $0.since < $1.since }.prefix(Self.kept).reversed())
        }
        return nil
    }
}

/// How many connections there may be.
struct ConnectionRules: Sendable {
    /// Of all addresses together.
    let connections: Int
    private let perAddress: Int
    private let exceptions: [AddressLimit]
    private let proxies: [AddressRange]

    init(_ limits: WorkerLimits, connections: Int, proxies: [AddressRange]) {
        self.connections = connections
        self.proxies = proxies
        perAddress = limits.connectionsPerAddress ?? max(64, connections / 4)
        // Of several that fit, the narrowest counts.
        exceptions = limits.addressLimits.sorted { $0.range.bits > $1.range.bits }
    }

    /// Whether a connection from there begins with a PROXY header.
    func isProxy(_ address: ClientAddress) -> Bool { proxies.contains { $0.contains(address) } }

    /// How many connections an address may have, a network of 64 bits in IPv6.
    func limit(for address: ClientAddress) -> Int {
        if let exception = exceptions.first(where: { $0.range.contains(address) }) { return exception.connections }
        // A proxy is many clients, which it tells of one by one.
        return isProxy(address) ? .max : perAddress
    }
}
