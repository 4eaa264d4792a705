/// Values under keys that are never used twice and are found without hashing: a key holds the value's place and how
/// often that place has been taken.
struct SlotMap<Value: Sendable>: Sendable {
    private struct Slot: Sendable {
        var generation = 0
        var value: Value?
    }

    private static var placeBits: Int { 20 }

    private var slots: [Slot] = []
    private var free: [Int] = []
    /// How many values there are.
    private(set) var count = 0

    mutating func insert(_ value: Value) -> Int {
        count += 1
        let place: Int
        if let last = free.popLast() {
            place = last
        } else {
            place = slots.count
            slots.append(Slot())
        }
        slots[place].value = value
        return slots[place].generation << Self.placeBits | place
    }

    @discardableResult
    mutating func remove(_ key: Int) -> Value? {
        guard let place = place(of: key), let value = slots[place].value else { return nil }
        slots[place].value = nil
        slots[place].generation += 1
        free.append(place)
        count -= 1
        return value
    }

    /// The value under `key`, nil once it is removed. To set it through a key that is gone does nothing.
    subscript(key: Int) -> Value? {
        get {
            guard let place = place(of: key) else { return nil }
            return slots[place].value
        }
        _modify {
            if let place = place(of: key) {
                yield &slots[place].value
            } else {
                var nothing: Value?
                yield &nothing
            }
        }
    }

    private func place(of key: Int) -> Int? {
        let place = key & (1 << Self.placeBits - 1)
        guard key >= 0, place < slots.count, slots[place].generation == key >> Self.placeBits else { return nil }
        return place
    }
}
