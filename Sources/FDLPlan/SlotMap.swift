/// Values under keys that are never used twice and are found without hashing: a key holds the value's place and how
/// often that place has been taken.
struct SlotMap<Value: Sendable>: Sendable {
    private struct Slot: Sendable {
        var generation = 0
        /// Left as it is when it is removed, for the next one to take its place.
        var value: Value
    }

    private static var placeBits: Int { 20 }

    private var slots: [Slot] = []
    private var free: [Int] = []

    mutating func insert(_ value: Value) -> Int {
        guard let place = free.popLast() else {
            slots.append(Slot(value: value))
            return slots.count - 1
        }
        slots[place].value = value
        return slots[place].generation << Self.placeBits | place
    }

    @discardableResult
    mutating func remove(_ key: Int) -> Value? {
        guard let place = place(of: key) else { return nil }
        slots[place].generation += 1
        free.append(place)
        return slots[place].value
    }

    /// The value under `key`, nil once it is removed. To set it through a key that is gone does nothing.
    subscript(key: Int) -> Value? {
        get { place(of: key).map { slots[$0].value } }
        set {
            guard let place = place(of: key), let newValue else { return }
            slots[place].value = newValue
        }
    }

    /// Changes the value under `key` where it lies, if there is one; through the subscript it is copied out and in.
    mutating func update(_ key: Int, _ change: (inout Value) -> Void) {
        guard let place = place(of: key) else { return }
        change(&slots[place].value)
    }

    private func place(of key: Int) -> Int? {
        let place = key & (1 << Self.placeBits - 1)
        guard key >= 0, place < slots.count, slots[place].generation == key >> Self.placeBits else { return nil }
        return place
    }
}
